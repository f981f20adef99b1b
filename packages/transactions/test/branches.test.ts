/** What is left of transactions with branches when they have ended, on two members in one process: nothing. */
import {
  ActorClient,
  type ActorReference,
  ActorService,
  ActorTypes,
  actor,
  type Client,
  type CoreMember,
  Definitions,
  ErrorRegistry,
  Family,
  Member,
  MemberTables,
  memoryTransports,
  OwnedPartitions,
  PartitionStore,
  Placement,
  SharedState,
  table,
} from '@troupe/core';
import { type Participant, statusMemoryBytes, Transactions, woundWait } from '@troupe/transactions';
import { beforeEach, describe, expect, test } from 'vitest';

const notes = table<string, number>('notes');
const writer = actor('writer', {
  state: () => ({ calls: 0 }),
  methods: {
    async write(ctx, key: string, value: number) {
      ctx.state.calls++;
      await ctx.table(notes).set(key, value);
      if (value < 0) throw new Error('negative');
    },
    async stay(ctx, key: string) {
      await ctx.table(notes).set(key, 1);
      reached();
      await stay;
      late = await ctx
        .table(notes)
        .set(key, 2)
        .catch((error: { code: string }) => error.code);
      left();
    },
    calls: (ctx) => ctx.state.calls,
  },
});
let reached = (): void => undefined;
let left = (): void => undefined;
let stay: Promise<void> = Promise.resolve();
let late: unknown;

interface Wired {
  readonly member: Member;
  readonly transactions: Transactions;
  readonly participants: Participant[];
  readonly writer: (key: string) => ActorReference<(typeof writer)['methods']>;
}

function wire(id: number, shared: SharedState, placement: Placement): Wired {
  const memory = new SharedArrayBuffer(statusMemoryBytes(64));
  const member = new Member({ id, incarnation: 1, memory }, shared, new ErrorRegistry());
  const definitions = new Definitions([notes, writer]);
  const owned = new OwnedPartitions();
  const assigned = placement.partitionsOf(id).map((partition) => ({ id: partition, incarnation: 1 }));
  const core: CoreMember = { member, isHost: id > 0, definitions, placement, owned, assigned, settings: {} };
  const tables = new MemberTables(core);
  const transactions = new Transactions(core, tables, {
    strategy: woundWait,
    idempotencyRetentionMs: 60_000,
  });
  const types = new ActorTypes(definitions);
  const joins = transactions.branches;
  const service = new ActorService({ member, types, owned, joins, client: () => client as Client });
  const actors = new ActorClient({ member, types, placement, joins, local: service.local });
  member.register(Family.actor, service);
  const client: Pick<Client, 'table' | 'actor'> = {
    table: (definition) => tables.table(definition),
    actor: (definition, key) => actors.reference(definition, key),
  };
  const participants: Participant[] = [];
  for (const partition of assigned) {
    const store = new PartitionStore(shared, 0);
    const concurrency = transactions.control({
      ...partition,
      store,
      actors: service.statesOf(partition.id, partition.incarnation),
    });
    owned.add({ ...partition, store, concurrency });
    participants.push(concurrency);
  }
  return { member, transactions, participants, writer: (key) => actors.reference(writer, key) };
}

function connect(a: Member, b: Member): void {
  let receiveAtA: (frame: Uint8Array) => void = () => undefined;
  let receiveAtB: (frame: Uint8Array) => void = () => undefined;
  const [atA, atB] = memoryTransports(
    (frame) => receiveAtA(frame as Uint8Array),
    (frame) => receiveAtB(frame as Uint8Array),
  );
  const { id, incarnation, memory } = b.self;
  a.connect({ id, incarnation, memory }, (receive) => {
    receiveAtA = receive;
    return atA;
  });
  b.connect({ id: a.self.id, incarnation: 1, memory: a.self.memory }, (receive) => {
    receiveAtB = receive;
    return atB;
  });
}

let service: Wired;
let host: Wired;
beforeEach(() => {
  const shared = SharedState.create(2, 2);
  const placement = Placement.roundRobin(2, [1]);
  service = wire(0, shared, placement);
  host = wire(1, shared, placement);
  connect(service.member, host.member);
});

function expectNothingLeft(): void {
  for (const { transactions, member, participants } of [service, host]) {
    expect(transactions.branches.openTransactions).toBe(0);
    expect(member.pendingCalls).toBe(0);
    for (const participant of participants) {
      expect([...participant.records()]).toEqual([]);
      expect(participant.locks.idle).toBe(true);
    }
  }
}

/** Both members have sent and handled all there is. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

// On the member of the service the coordinator decides without votes; on a host it has them.
describe.each(['the service', 'a host'])('a transaction with branches that began on %s', (where) => {
  const run = <T>(body: () => Promise<T>, options = {}): Promise<T> =>
    (where === 'a host' ? host : service).transactions.transaction(body, options);
  const writerAt = (key: string): ReturnType<Wired['writer']> =>
    (where === 'a host' ? host : service).writer(key);

  test('is registered while it is open, and not after its commit', async () => {
    await run(async () => {
      await writerAt('a').write('x', 1);
      await writerAt('b').write('y', 2);
      const { branches } = (where === 'a host' ? host : service).transactions;
      expect(branches.openTransactions).toBe(1);
    });
    await settled();
    expectNothingLeft();
    expect([await writerAt('a').calls(), await writerAt('b').calls()]).toEqual([1, 1]);
  });

  test('leaves nothing when a branch fails', async () => {
    await expect(run(() => writerAt('a').write('x', -1))).rejects.toThrow('negative');
    await settled();
    expectNothingLeft();
    expect(await writerAt('a').calls()).toBe(0);
  });

  test('leaves nothing when it ends in the middle of one, whose operations are refused from then on', async () => {
    const controller = new AbortController();
    let goOn = (): void => undefined;
    stay = new Promise((resolve) => {
      goOn = resolve;
    });
    const isThere = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const hasLeft = new Promise<void>((resolve) => {
      left = resolve;
    });
    const running = run(() => writerAt('a').stay('x'), { signal: controller.signal });
    await isThere;
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await settled();
    expectNothingLeft();
    goOn();
    await hasLeft;
    expect(late).toBe('TRANSACTION_FINISHED');
    await settled();
    expectNothingLeft();
  });
});
