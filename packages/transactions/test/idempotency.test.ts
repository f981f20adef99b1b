/** Attempts with an idempotency key, against real participants in one thread; every message waits until it is delivered. */
import {
  actorTable,
  hashKey,
  type PartitionId,
  PartitionStore,
  SharedState,
  systemClock,
  type Timestamp,
} from '@troupe/core';
import {
  Attempt,
  type AttemptGround,
  IdempotencyGuard,
  IdempotencySweeper,
  idempotencyTable,
  LockRequests,
  MemoryDecision,
  type Origin,
  Participant,
  ReplyOp,
  RequestOp,
  StatusWords,
  statusMemoryBytes,
} from '@troupe/transactions';
import { afterEach, describe, expect, test, vi } from 'vitest';

const partitions = 4;
const users = 0;
const retentionMs = 1_000;
const requestNames = new Map<unknown, string>(Object.entries(RequestOp).map(([name, op]) => [op, name]));

/** A key at home in this partition. */
function keyAt(home: PartitionId): string {
  for (let i = 0; ; i++) if (hashKey(`key-${i}`) % partitions === home) return `key-${i}`;
}

class Stage {
  readonly shared = SharedState.create(partitions, 2);
  readonly words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(2_048)));
  readonly parts = Array.from({ length: partitions }, (_, id) => this.#createPartition(id));
  readonly queue: (() => void)[] = [];
  /** Requests since the last look, as `lock 0`. */
  readonly sent: string[] = [];
  nowMs = 5_000;
  commitsUnasked = false;
  readonly #attempts = new Map<number, Attempt>();
  #nextSlot = 0;

  #createPartition(id: PartitionId): { store: PartitionStore; participant: Participant } {
    const store = new PartitionStore(this.shared, 0);
    const partition = { id, incarnation: this.shared.incarnationOf(id), store };
    return {
      store,
      participant: new Participant(partition, { draw: () => this.shared.draw(), lookLater: () => undefined }),
    };
  }

  /** The partition dies and comes back empty. */
  lose(id: PartitionId): void {
    this.shared.raiseIncarnation(id);
    this.parts[id] = this.#createPartition(id);
  }

  begin(key: string, procedure?: string): Attempt {
    const id = this.shared.draw();
    const slot = this.#nextSlot++;
    this.words.begin(slot, id);
    const attempt = new Attempt(id, id, slot, undefined, this.#ground());
    attempt.once = new IdempotencyGuard(key, procedure, {
      partitionCount: partitions,
      retentionMs,
      nowMs: () => this.nowMs,
    });
    this.#attempts.set(id, attempt);
    return attempt;
  }

  #ground(): AttemptGround {
    return {
      clock: systemClock,
      decision: new MemoryDecision(
        this.words,
        (partition) => this.shared.incarnationOf(partition),
        () => this.shared.draw(),
      ),
      partitionCount: partitions,
      commitsUnasked: this.commitsUnasked,
      incarnationOf: (partition) => this.shared.incarnationOf(partition),
      now: (): Timestamp => this.shared.now(),
      send: (partition, message) => {
        this.sent.push(`${requestNames.get(message[0])} ${partition}`);
        this.queue.push(() => this.#request(partition, message));
      },
      diesWithUs: () => false,
      whenHandedOver: (then) => then(),
      isConnected: () => true,
      connected: () => Promise.resolve(),
      ended: (attempt) => void this.#attempts.delete(attempt.id),
      abortError: (_attempt, cause) => new Error(cause),
    };
  }

  #request(partition: PartitionId, message: unknown[]): void {
    const { participant } = this.parts[partition] as { participant: Participant };
    const origin: Origin = {
      words: this.words,
      send: (reply) => this.queue.push(() => this.#reply(reply)),
    };
    const op = message[0];
    if (op === RequestOp.lock || op === RequestOp.lockOnce) participant.lock(message, origin);
    else if (op === RequestOp.lockTable) participant.lockTable(message, origin);
    else if (op === RequestOp.prepare) participant.prepare(message, origin);
    else if (op === RequestOp.commitOne) participant.commitOne(message, origin);
    else if (op === RequestOp.commit) participant.commit(message);
    else participant.decide(message);
  }

  #reply(message: readonly unknown[]): void {
    const coordinator = this.#attempts.get(message[1] as number)?.coordinator;
    const partition = message[2] as PartitionId;
    if (message[0] === ReplyOp.answer)
      coordinator?.answer(partition, message[3] as number, message[4] as unknown[]);
    else if (message[0] === ReplyOp.vote) coordinator?.vote(partition, message[3] as number);
    else if (message[0] === ReplyOp.done) coordinator?.done(message[3] as number);
    else coordinator?.refused(partition, message[3] as never);
  }

  deliver(): void {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) next();
  }

  take(): string[] {
    return this.sent.splice(0);
  }

  /** Locks keys, each in the partition of its number; whether it was told that they are held. */
  lock(attempt: Attempt, ...at: PartitionId[]): 'held' | 'refused' | 'waits' {
    let told: 'held' | 'refused' | 'waits' = 'waits';
    const requests = new LockRequests('write');
    for (const partition of at) requests.add(attempt.workspace.cell(users, `user-${partition}`, partition));
    attempt.lockKeysFor(requests, {
      locksHeld: () => {
        told = 'held';
      },
      locksRefused: () => {
        told = 'refused';
      },
    });
    this.deliver();
    return told;
  }

  write(attempt: Attempt, partition: PartitionId, value: unknown): void {
    const { workspace } = attempt;
    workspace.write(workspace.cell(users, `user-${partition}`, partition), value);
  }

  commit(attempt: Attempt, answer: unknown): unknown {
    const kept = attempt.once?.keep(answer);
    attempt.commit();
    this.deliver();
    return kept;
  }

  /** A whole transaction that locks, writes `value` everywhere and answers it. */
  run(key: string, value: unknown, ...at: PartitionId[]): Attempt {
    const attempt = this.begin(key);
    if (this.lock(attempt, ...at) === 'held') {
      for (const partition of at) this.write(attempt, partition, value);
      this.commit(attempt, value);
    }
    return attempt;
  }

  value(partition: PartitionId): unknown {
    return this.parts[partition]?.store.read(users, `user-${partition}`);
  }

  /** In which partitions the key has a row. */
  rows(key: string): PartitionId[] {
    return this.parts.flatMap(({ store }, id) =>
      store.read(idempotencyTable, key) === undefined ? [] : [id],
    );
  }

  get idle(): boolean {
    return this.parts.every(({ participant }) => participant.locks.idle);
  }
}

describe('a transaction with an idempotency key', () => {
  test('locks the row with its first message to each partition, and the one at the home of the key', () => {
    const stage = new Stage();
    const attempt = stage.begin(keyAt(3));
    expect(stage.lock(attempt, 0, 1)).toBe('held');
    expect(stage.take()).toEqual(['lockOnce 0', 'lockOnce 1', 'lockOnce 3']);
    const requests = new LockRequests('write');
    requests.add(attempt.workspace.cell(users, 'other', 0));
    attempt.lockKeysFor(requests, { locksHeld: () => undefined, locksRefused: () => undefined });
    expect(stage.take()).toEqual(['lock 0']);
  });

  test('leaves its answer wherever it was, also where it only read', () => {
    const stage = new Stage();
    const key = keyAt(3);
    const attempt = stage.begin(key);
    stage.lock(attempt, 0, 1);
    stage.write(attempt, 0, 'new');
    expect(stage.commit(attempt, { told: 1 })).toEqual({ told: 1 });
    expect(attempt.outcome).toMatchObject({ committed: true });
    expect([stage.value(0), stage.rows(key), stage.idle]).toEqual(['new', [0, 1, 3], true]);
  });

  test.each([
    ['coordinated on a host', false],
    ['coordinated where no partition lives longer', true],
  ])('%s, is not done again: the repeat gets a copy of the first answer', (_, outlives) => {
    const stage = new Stage();
    stage.commitsUnasked = outlives;
    const key = keyAt(2);
    stage.run(key, { amount: 1 }, 0, 1);
    const repeat = stage.run(key, { amount: 2 }, 0, 1);
    expect(repeat.outcome).toMatchObject({ committed: false, cause: 'already' });
    expect(repeat.once?.storedAnswer()).toEqual({ amount: 1 });
    expect(repeat.once?.storedAnswer()).not.toBe(repeat.once?.storedAnswer());
    expect([stage.value(0), stage.value(1), stage.idle]).toEqual([{ amount: 1 }, { amount: 1 }, true]);
  });

  test.each([
    ['the first partition', [1, 2, 3]],
    ['the second partition', [0, 2, 3]],
    ['the home', [0, 1, 2]],
  ])('is recognised while %s lives', (_, lost) => {
    const stage = new Stage();
    const key = keyAt(3);
    stage.run(key, 'once', 0, 1);
    for (const partition of lost) stage.lose(partition);
    const repeat = stage.run(key, 'twice', 0, 1);
    expect(repeat.once?.storedAnswer()).toBe('once');
    for (const partition of [0, 1])
      expect(stage.value(partition)).toBe(lost.includes(partition) ? undefined : 'once');
  });

  test('runs again when everything that it had touched is gone', () => {
    const stage = new Stage();
    const key = keyAt(3);
    stage.run(key, 'once', 0, 1);
    for (const partition of [0, 1, 3]) stage.lose(partition);
    const repeat = stage.run(key, 'twice', 0, 1);
    expect(repeat.outcome).toMatchObject({ committed: true });
    expect([stage.value(0), stage.value(1)]).toEqual(['twice', 'twice']);
  });

  test('is recognised by the home when the repeat goes elsewhere', () => {
    const stage = new Stage();
    const key = keyAt(3);
    stage.run(key, 'once', 0);
    expect(stage.run(key, 'twice', 1).once?.storedAnswer()).toBe('once');
    expect(stage.value(1)).toBeUndefined();
  });

  test('that finds the row at its second partition ends before the body is told anything of it', () => {
    const stage = new Stage();
    const key = keyAt(0);
    stage.run(key, 'once', 1);
    stage.lose(0);
    const repeat = stage.begin(key);
    expect(stage.lock(repeat, 0)).toBe('held');
    expect(stage.lock(repeat, 1)).toBe('refused');
    expect([repeat.once?.storedAnswer(), stage.idle]).toEqual(['once', true]);
  });

  test('that writes blindly looks the rows up before it commits', () => {
    const stage = new Stage();
    const key = keyAt(2);
    const first = stage.begin(key);
    stage.write(first, 0, 'once');
    stage.write(first, 1, 'once');
    stage.commit(first, 'once');
    expect(stage.take().slice(0, 3)).toEqual(['lockOnce 0', 'lockOnce 1', 'lockOnce 2']);
    expect([stage.value(0), stage.rows(key)]).toEqual(['once', [0, 1, 2]]);
    const repeat = stage.begin(key);
    stage.write(repeat, 1, 'twice');
    stage.commit(repeat, 'twice');
    expect(repeat.once?.storedAnswer()).toBe('once');
    expect([stage.value(1), stage.idle]).toEqual(['once', true]);
  });

  test('lets no operation in while it looks rows up before the commit', () => {
    const stage = new Stage();
    const attempt = stage.begin(keyAt(2));
    stage.write(attempt, 0, 'new');
    attempt.once?.keep('answer');
    attempt.commit();
    expect(() => attempt.assertOpen()).toThrow('is committing');
    stage.deliver();
    expect(attempt.outcome).toMatchObject({ committed: true });
  });

  test('waits for turns of actors as patiently as one without', () => {
    const stage = new Stage();
    const attempt = stage.begin(keyAt(3));
    const lockOnce = vi.spyOn(attempt.coordinator, 'lockOnce');
    const requests = new LockRequests('write');
    requests.add(attempt.workspace.cell(actorTable(0), 'actor', 1));
    void attempt.lockPatiently(requests);
    expect(lockOnce.mock.calls.map(([partition, , , patience]) => [partition, patience])).toEqual([
      [1, 'turns'],
      [3, 'turns'],
    ]);
  });

  test('that touched nothing is remembered at home', () => {
    const stage = new Stage();
    const key = keyAt(2);
    stage.commit(stage.begin(key), undefined);
    expect(stage.rows(key)).toEqual([2]);
    const repeat = stage.begin(key);
    stage.commit(repeat, 'twice');
    expect([repeat.once?.isAnswered, repeat.once?.storedAnswer()]).toEqual([true, undefined]);
  });

  test('that locks a whole table looks up the row of every partition first', () => {
    const stage = new Stage();
    const key = keyAt(2);
    const attempt = stage.begin(key);
    void attempt.lockTable(users, 'write');
    expect(stage.take()).toEqual(['lockOnce 0', 'lockOnce 1', 'lockOnce 2', 'lockOnce 3']);
  });

  test('waits for an older one with the same key, and gets its answer', () => {
    const stage = new Stage();
    const key = keyAt(3);
    const older = stage.begin(key);
    const younger = stage.begin(key);
    expect(stage.lock(older, 0)).toBe('held');
    expect(stage.lock(younger, 0)).toBe('waits');
    stage.write(older, 0, 'once');
    stage.commit(older, 'once');
    expect([younger.outcome, younger.once?.storedAnswer()]).toMatchObject([{ cause: 'already' }, 'once']);
    expect([stage.value(0), stage.idle]).toEqual(['once', true]);
  });

  test('goes ahead when the older one with the same key did not commit', () => {
    const stage = new Stage();
    const key = keyAt(3);
    const older = stage.begin(key);
    const younger = stage.begin(key);
    stage.lock(older, 0);
    stage.lock(younger, 0);
    older.coordinator.abort('user');
    stage.deliver();
    stage.write(younger, 0, 'mine');
    stage.commit(younger, 'mine');
    expect([stage.value(0), stage.rows(key)]).toEqual(['mine', [0, 3]]);
  });

  test('refuses the key of another procedure', () => {
    const stage = new Stage();
    const key = keyAt(3);
    const first = stage.begin(key, 'pay');
    stage.lock(first, 0);
    stage.commit(first, 1);
    const other = stage.begin(key, 'refund');
    stage.lock(other, 0);
    expect(() => other.once?.storedAnswer()).toThrow(`'${key}' was used for procedure 'pay'`);
    const transaction = stage.begin(key);
    stage.lock(transaction, 0);
    expect(() => transaction.once?.storedAnswer()).toThrow("was used for procedure 'pay'");
  });

  test('takes an answer that has expired for absent, and writes a new one', () => {
    const stage = new Stage();
    const key = keyAt(3);
    stage.run(key, 'once', 0);
    stage.nowMs += retentionMs - 1;
    expect(stage.run(key, 'early', 0).once?.storedAnswer()).toBe('once');
    stage.nowMs += 1;
    expect(stage.run(key, 'again', 0).outcome).toMatchObject({ committed: true });
    expect(stage.value(0)).toBe('again');
    expect(stage.run(key, 'repeat', 0).once?.storedAnswer()).toBe('again');
  });

  test('refuses an answer that can not be stored', () => {
    const attempt = new Stage().begin(keyAt(0));
    expect(() => attempt.once?.keep(() => 1)).toThrow('idempotencyKey');
  });
});

describe('the sweeper', () => {
  afterEach(() => void vi.useRealTimers());

  function sweptStage(): { stage: Stage; sweeper: IdempotencySweeper; count: () => number } {
    const stage = new Stage();
    const sweeper = new IdempotencySweeper(retentionMs, { ...systemClock, epochNow: () => stage.nowMs });
    for (const { store, participant } of stage.parts) sweeper.add(store, participant);
    const count = (): number => stage.parts.reduce((sum, { store }) => sum + store.size(idempotencyTable), 0);
    return { stage, sweeper, count };
  }

  test('drops what has expired, the oldest first, and no more at once than it is told', () => {
    const { stage, sweeper, count } = sweptStage();
    for (let i = 0; i < 10; i++) stage.commit(stage.begin(keyAt(1) + i), i);
    stage.nowMs += 500;
    for (let i = 10; i < 15; i++) stage.commit(stage.begin(keyAt(1) + i), i);
    expect([sweeper.sweep(100), count()]).toEqual([false, 15]);
    stage.nowMs += 500;
    expect([sweeper.sweep(4), count()]).toEqual([true, 11]);
    expect([sweeper.sweep(100), count()]).toEqual([false, 5]);
    stage.nowMs += 500;
    expect([sweeper.sweep(5), count()]).toEqual([false, 0]);
  });

  test('looks now and then from the first key on, goes on at once where much is left, and stops when told', () => {
    vi.useFakeTimers();
    const { stage, sweeper, count } = sweptStage();
    const keys = 1_500;
    for (let i = 0; i < keys; i++) stage.commit(stage.begin(keyAt(1) + i), i);
    expect(vi.getTimerCount()).toBe(0);
    sweeper.start();
    sweeper.start();
    expect(vi.getTimerCount()).toBe(1);
    stage.nowMs += retentionMs;
    vi.advanceTimersByTime(999);
    expect(count()).toBe(keys);
    vi.advanceTimersByTime(1);
    expect(count()).toBe(keys - 1_000);
    vi.advanceTimersByTime(1);
    expect(count()).toBe(0);
    sweeper.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves a row alone that a repeat has locked', () => {
    const { stage, sweeper } = sweptStage();
    const key = keyAt(2);
    stage.commit(stage.begin(key), 1);
    stage.nowMs += retentionMs;
    const repeat = stage.begin(key);
    stage.lock(repeat, 2);
    sweeper.sweep(100);
    expect(stage.rows(key)).toEqual([2]);
    stage.commit(repeat, 2);
    sweeper.sweep(100);
    expect(stage.rows(key)).toEqual([2]);
    expect(stage.run(key, 3, 2).once?.storedAnswer()).toBe(2);
  });

  test('is not held up by a key that was used again after it had expired', () => {
    const { stage, sweeper, count } = sweptStage();
    const first = keyAt(1);
    // At home in the same partition.
    let second = `${first}-2`;
    while (hashKey(second) % partitions !== 1) second += '2';
    const use = (key: string): unknown => stage.commit(stage.begin(key), 1);
    use(first);
    use(second);
    stage.nowMs += retentionMs;
    use(first);
    sweeper.sweep(100);
    expect([count(), stage.rows(first).length, stage.rows(second).length]).toEqual([1, 1, 0]);
  });
});
