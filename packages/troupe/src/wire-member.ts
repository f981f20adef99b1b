/**
 * Puts the layers of a member together: tables and actors of core, transactions, jobs. Runs on the thread of the
 * service and on every host, with the same result: one client object through which code there reaches everything.
 */
import { Compute } from '@troupe/compute';
import {
  ActorClient,
  type ActorFailed,
  type ActorLost,
  ActorService,
  ActorTypes,
  type Client,
  type CoreMember,
  currentContext,
  type DeadLetterViews,
  Family,
  followContexts,
  MemberTables,
  MemberTopics,
  MetricsService,
  type RecoveryListener,
  TopicClient,
  type Wired,
  withContext,
} from '@troupe/core';
import { lockStrategies, Transactions } from '@troupe/transactions';
import { calendar } from './cron-calendar.ts';
import { openPartitions } from './open-partitions.ts';
import type { MemberSettings } from './settings.ts';
import { openTelemetryTracer } from './tracing.ts';

/** A member with everything plugged in. */
export interface WiredMember extends Wired {
  readonly client: Client;
  readonly compute: Compute;
  /** Calls the listener when the memory of an actor is lost. */
  watch(reference: object, listener: (lost: ActorLost) => void): () => void;
  readonly deadLetters: DeadLetterViews;
  /** Calls the listener for whatever actors escalate to the service. */
  onActorFailed(listener: (failed: ActorFailed) => void): void;
  /** Ends what outlives calls: transactions under way, jobs, the pool. */
  close(): Promise<void>;
}

export function wireMember(core: CoreMember, progress?: RecoveryListener): WiredMember {
  const { member, definitions, placement, owned } = core;
  const tables = new MemberTables(core);
  const {
    actors: { passivateAfterMs, residentsMax },
    compute: settings,
    modules,
    isPoolInline,
    lockStrategy,
    idempotencyRetentionMs,
    metrics: { hotKeys, publishEveryMs },
    tracing,
  } = core.settings as MemberSettings;
  followCallers(core, tracing);
  const transactions = new Transactions(core, tables, {
    strategy: lockStrategies[lockStrategy],
    idempotencyRetentionMs,
    followed: !core.isHost,
  });
  const joins = transactions.branches;
  const handOut = (): Client => {
    transactions.follow();
    return client;
  };
  const compute = new Compute(core, tables, handOut, { ...settings, modules, isPoolInline, joins });
  const types = new ActorTypes(definitions, passivateAfterMs);
  const service = new ActorService({
    member,
    types,
    owned,
    joins,
    residentsMax,
    hotKeys,
    calendar,
    client: handOut,
  });
  const actors = new ActorClient({ member, types, placement, joins, local: service.local });
  member.register(Family.actor, service);
  const storage = core.storage?.member;
  const topics = new MemberTopics({ member, definitions, placement, local: service.local, storage });
  member.register(Family.topic, topics);
  const metrics = new MetricsService(member, service);
  member.register(Family.metrics, metrics);
  if (publishEveryMs !== undefined) metrics.publishEvery(publishEveryMs);
  const client = clientOf({
    tables,
    actors,
    topics: new TopicClient(topics, joins),
    transactions,
    compute,
    metrics,
  });
  const opened = openPartitions(core, transactions, service, progress);
  const startReminders = (): void => service.reminders.start();
  if (opened === undefined) startReminders();
  else opened.then(startReminders, () => undefined);
  return {
    client,
    compute,
    opened,
    watch: (reference, listener) => service.watch(reference, listener),
    deadLetters: service.deadLetters.views,
    onActorFailed: (listener) => service.failures.listen(listener),
    async close() {
      service.close();
      transactions.close();
      await compute.close();
    },
  };
}

interface ClientParts {
  readonly tables: MemberTables;
  readonly actors: ActorClient;
  readonly topics: TopicClient;
  readonly transactions: Transactions;
  readonly compute: Compute;
  readonly metrics: MetricsService;
}

/** What code on this thread reaches the grid through. */
function clientOf({ tables, actors, topics, transactions, compute, metrics }: ClientParts): Client {
  return {
    table: (definition) => tables.table(definition),
    actor: (definition, key, options) => actors.reference(definition, key, options),
    actors: (definition, keys, options) => actors.references(definition, keys, options),
    tell: (definition, key) => actors.tells(definition, key),
    worker: (definition, options) => actors.worker(definition, options),
    topic: (definition) => topics.topic(definition),
    transaction: (body, options) => transactions.transaction(body, options),
    begin: (options) => transactions.begin(options),
    run: (procedure, ...args) => transactions.run(procedure, ...args),
    runWith: (procedure, args, options) => transactions.runWith(procedure, args, options),
    currentTransaction: () => transactions.currentTransaction(),
    transactions: transactions.transactions,
    locks: transactions.locks,
    compute: compute.client,
    metrics: (options) => metrics.read(options),
    withContext,
    currentContext,
  };
}

/** Bodies of transactions are the service's own code: they find what it keeps in async contexts of its own. */
function followCallers({ member, isHost }: CoreMember, tracing: MemberSettings['tracing']): void {
  if (tracing !== false) member.tracer = openTelemetryTracer(tracing);
  if (tracing !== false || !isHost) followContexts();
}
