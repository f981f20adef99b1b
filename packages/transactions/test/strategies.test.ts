/** Under every strategy: plain operations wait and run, transactions that lose come again, and all of it ends. */
import { PartitionStore, SharedState } from '@troupe/core';
import {
  LockMode,
  lockStrategies,
  type Origin,
  Participant,
  Refusal,
  ReplyOp,
  RequestOp,
  StatusWords,
  statusMemoryBytes,
} from '@troupe/transactions';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const table = 1;
const strategies = Object.values(lockStrategies);

interface Command {
  readonly kind: 'lock' | 'range' | 'table' | 'plain' | 'commit' | 'cancel';
  readonly slot: number;
  readonly key: number;
  readonly writes: boolean;
}

const commands = fc.array(
  fc.record<Command>({
    kind: fc.constantFrom('lock', 'lock', 'lock', 'range', 'table', 'plain', 'plain', 'commit', 'cancel'),
    slot: fc.nat(4),
    key: fc.nat(3),
    writes: fc.boolean(),
  }),
  { maxLength: 60, size: 'max' },
);

/** One partition, a few transactions that begin anew when they end, and plain operations. */
class Stage {
  readonly shared = SharedState.create(1, 2);
  readonly store = new PartitionStore(this.shared, 0);
  readonly words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(64)));
  readonly participant: Participant;
  readonly ids: number[] = [];
  readonly refused = new Map<number, unknown>();
  readonly #origin: Origin;
  readonly #begun = new Set<number>();
  readonly #waiting: (() => void)[] = [];
  started = 0;
  ran = 0;

  constructor(strategy: (typeof strategies)[number]) {
    this.participant = new Participant(
      { id: 0, incarnation: 1, store: this.store },
      { draw: () => this.shared.draw(), lookLater: () => undefined },
      strategy,
    );
    this.#origin = {
      words: this.words,
      send: ([op, id, , reason]) => {
        if (op === ReplyOp.refused) this.refused.set(id as number, reason);
      },
    };
    for (let slot = 0; slot < 5; slot++) this.begin(slot);
  }

  begin(slot: number): void {
    const id = this.shared.draw();
    this.ids[slot] = id;
    this.words.begin(slot, id);
  }

  head(op: number, slot: number): unknown[] {
    const id = this.ids[slot] ?? 0;
    const first = this.#begun.has(id) ? 0 : 1;
    this.#begun.add(id);
    return [op, id, 0, 1, slot, id, first, 1];
  }

  do({ kind, slot, key, writes }: Command): void {
    const { participant } = this;
    if (this.refused.has(this.ids[slot] ?? 0)) this.begin(slot);
    const mode = writes ? LockMode.X : LockMode.S;
    if (kind === 'plain') this.plain(key, writes);
    else if (kind === 'cancel') this.cancelOne();
    else if (kind === 'commit') this.end(slot);
    else if (kind === 'lock')
      participant.lock([...this.head(RequestOp.lock, slot), [table, key, mode]], this.#origin);
    else if (kind === 'table')
      participant.lockTable([...this.head(RequestOp.lockTable, slot), table, mode], this.#origin);
    else
      participant.lockRange([...this.head(RequestOp.lockRange, slot), table, [key, key + 2]], this.#origin);
    participant.locks.checkInvariants();
  }

  plain(key: number, writes: boolean): void {
    const access = writes ? 'write' : 'read';
    this.started++;
    if (this.participant.isFree(table, key, access)) {
      this.ran++;
      return;
    }
    const plain = { isCancelled: false };
    const waiting = this.participant.wait(table, key, access, () => {
      if (plain.isCancelled) throw new Error('A plain operation ran that had been cancelled.');
      this.ran++;
    });
    this.#waiting.push(() => {
      plain.isCancelled = true;
      waiting.cancel();
    });
  }

  /** Cancels the latest plain operation that had to wait, which may have run since. */
  cancelOne(): void {
    this.#waiting.pop()?.();
  }

  end(slot: number): void {
    this.participant.decide([RequestOp.decide, this.ids[slot], 0, 1, 0]);
    this.begin(slot);
  }
}

describe.each(strategies)('a participant under $name', (strategy) => {
  test('runs every plain operation once, and ends none', () => {
    fc.assert(
      fc.property(commands, (script) => {
        const stage = new Stage(strategy);
        for (const command of script) if (command.kind !== 'cancel') stage.do(command);
        for (let slot = 0; slot < 5; slot++) stage.end(slot);
        expect(stage.ran).toBe(stage.started);
        expect([stage.participant.locks.idle, [...stage.participant.records()]]).toEqual([true, []]);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test('leaves nothing of a plain operation that is cancelled', () => {
    fc.assert(
      fc.property(commands, (script) => {
        const stage = new Stage(strategy);
        for (const command of script) stage.do(command);
        for (let slot = 0; slot < 5; slot++) stage.end(slot);
        expect(stage.participant.locks.idle).toBe(true);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test('lets plain operations that wait for one key run in the order in which they came', () => {
    const stage = new Stage(strategy);
    stage.do({ kind: 'lock', slot: 0, key: 1, writes: true });
    const order: number[] = [];
    for (const number of [1, 2, 3]) stage.participant.wait(table, 1, 'write', () => order.push(number));
    stage.end(0);
    expect(order).toEqual([1, 2, 3]);
  });

  test('lets plain operations wait in their order also where the table itself is locked first', () => {
    const stage = new Stage(strategy);
    stage.do({ kind: 'table', slot: 0, key: 0, writes: true });
    const order: number[] = [];
    for (const number of [1, 2, 3]) stage.participant.wait(table, 1, 'write', () => order.push(number));
    stage.end(0);
    expect(order).toEqual([1, 2, 3]);
  });

  test('says that a transaction which lost is worth another try', () => {
    const stage = new Stage(strategy);
    stage.do({ kind: 'lock', slot: 0, key: 1, writes: true });
    stage.do({ kind: 'lock', slot: 1, key: 1, writes: true });
    const loser = strategy.name === 'wound-wait' ? undefined : stage.ids[1];
    expect([...stage.refused]).toEqual(loser === undefined ? [] : [[loser, Refusal.wounded]]);
    if (loser !== undefined) expect(stage.words.fate(1, loser)).toBe('aborted');
  });
});
