/**
 * Puts the layers of a member together: tables and actors of core, transactions, jobs. Runs on the thread of the
 * service and on every host, with the same result: one client object through which code there reaches everything.
 */
import { Compute } from '@troupe/compute';
import {
  ActorClient,
  type ActorLost,
  ActorService,
  ActorTypes,
  type Client,
  type CoreMember,
  currentContext,
  Family,
  followContexts,
  MemberTables,
  MetricsService,
  type RecoveryListener,
  type Wired,
  withContext,
} from '@troupe/core';
import { lockStrategies, Transactions } from '@troupe/transactions';
import { openPartitions } from './open-partitions.ts';
import type { MemberSettings } from './settings.ts';
import { openTelemetryTracer } from './tracing.ts';

/** A member with everything plugged in. */
export interface WiredMember extends Wired {
  readonly client: Client;
  readonly compute: Compute;
  /** Calls the listener when the memory of an actor is lost. */
  watch(reference: object, listener: (lost: ActorLost) => void): () => void;
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
    lockStrategy,
    idempotencyRetentionMs,
    metrics: { hotKeys, publishEveryMs },
    tracing,
  } = core.settings as MemberSettings;
  if (tracing !== false) {
    member.tracer = openTelemetryTracer(tracing);
    followContexts();
  }
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
  const compute = new Compute(core, tables, handOut, { ...settings, modules, joins });
  const types = new ActorTypes(definitions, passivateAfterMs);
  const service = new ActorService({ member, types, owned, joins, residentsMax, hotKeys, client: handOut });
  const actors = new ActorClient({ member, types, placement, joins, local: service });
  member.register(Family.actor, service);
  const metrics = new MetricsService(member, service);
  member.register(Family.metrics, metrics);
  if (publishEveryMs !== undefined) metrics.publishEvery(publishEveryMs);
  const client: Client = {
    table: (definition) => tables.table(definition),
    actor: (definition, key, options) => actors.reference(definition, key, options),
    actors: (definition, keys, options) => actors.references(definition, keys, options),
    tell: (definition, key) => actors.tells(definition, key),
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
  const opened = openPartitions(core, transactions, service, progress);
  return {
    client,
    compute,
    opened,
    watch: (reference, listener) => service.watch(reference, listener),
    async close() {
      service.close();
      transactions.close();
      await compute.close();
    },
  };
}
