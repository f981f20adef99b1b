import { LockManager, LockMode, LockOwner, type LockPorts, woundWait } from '@troupe/transactions';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const { S, X, IX } = LockMode;
const users = 7;
type Quartet = [LockOwner, LockOwner, LockOwner, LockOwner];

function managerWith(ports: Partial<LockPorts> = {}): { manager: LockManager; granted: LockOwner[] } {
  const granted: LockOwner[] = [];
  const manager = new LockManager(woundWait, {
    wound: () => 'aborted',
    granted: (owner) => granted.push(owner),
    died: () => undefined,
    ...ports,
  });
  return { manager, granted };
}

describe('LockManager', () => {
  test('keeps nothing of a key that nobody uses', () => {
    const { manager } = managerWith();
    for (let key = 0; key < 10_000; key += 1) {
      const owner = new LockOwner(key, key);
      manager.lockKey(owner, users, key, X);
      manager.lockKey(owner, users, `${key}`, S);
      manager.release(owner);
    }
    expect(manager.idle).toBe(true);
    expect(manager.list()).toEqual([]);
    manager.checkInvariants();
  });

  test('is idle exactly while nobody holds or waits', () => {
    const { manager } = managerWith();
    const [old, young] = [new LockOwner(1, 1), new LockOwner(2, 2)];
    expect(manager.idle).toBe(true);
    manager.lockKey(old, users, 'a', X);
    manager.lockKey(young, users, 'a', X);
    expect([manager.idle, manager.waiting]).toEqual([false, 1]);
    manager.release(young);
    expect([manager.idle, manager.waiting]).toEqual([false, 0]);
    manager.release(old);
    expect(manager.idle).toBe(true);
  });

  test('tells keys of different types apart', () => {
    const { manager } = managerWith();
    const keys = [1, '1', 1n, true, 'true', ''];
    keys.forEach((key, index) => {
      expect(manager.lockKey(new LockOwner(index, index), users, key, X)).toBe(true);
    });
    expect(
      manager
        .list()
        .filter((row) => row.key !== undefined)
        .map((row) => row.key),
    ).toEqual(keys);
  });

  test('answers at once what the owner already has, also through its table', () => {
    const { manager } = managerWith();
    const owner = new LockOwner(1, 1);
    manager.lockTable(owner, users, S);
    expect(manager.lockKey(owner, users, 'a', S)).toBe(true);
    expect(manager.list()).toHaveLength(1);
    expect(manager.lockKey(owner, users, 'a', X)).toBe(true);
    const rows = manager.list();
    for (const mode of [S, X] as const) expect(manager.lockKey(owner, users, 'a', mode)).toBe(true);
    expect(manager.lockTable(owner, users, IX)).toBe(true);
    expect(manager.list()).toEqual(rows);
  });

  test('never calls granted for an owner whose own call got the lock', () => {
    const { manager, granted } = managerWith();
    const [old, young] = [new LockOwner(1, 1), new LockOwner(2, 2)];
    manager.lockKey(young, users, 'a', X);
    expect(manager.lockKey(old, users, 'a', X)).toBe(true);
    expect(granted).toEqual([]);
    expect(old.waits).toBe(0);
  });

  test('release twice is release once', () => {
    const { manager, granted } = managerWith();
    const [old, young] = [new LockOwner(1, 1), new LockOwner(2, 2)];
    manager.lockKey(old, users, 'a', X);
    manager.lockKey(young, users, 'a', X);
    manager.release(old);
    manager.release(old);
    expect(granted).toEqual([young]);
    manager.checkInvariants();
  });

  test('an owner that released may lock again', () => {
    const { manager } = managerWith();
    const owner = new LockOwner(1, 1);
    manager.lockKey(owner, users, 'a', X);
    manager.release(owner);
    expect(manager.lockKey(owner, users, 'a', X)).toBe(true);
  });

  test('a retry that keeps its age goes before what came between', () => {
    const { manager, granted } = managerWith();
    const holder = new LockOwner(1, 1);
    const between = new LockOwner(3, 3);
    const retry = new LockOwner(4, 2);
    manager.lockKey(holder, users, 'a', X);
    manager.lockKey(between, users, 'a', X);
    manager.lockKey(retry, users, 'a', X);
    manager.release(holder);
    expect(granted).toEqual([retry]);
  });

  test('an owner wounded while its own call runs is told so by the answer', () => {
    const [old, middle, young, younger] = [1, 2, 3, 4].map((id) => new LockOwner(id, id)) as Quartet;
    const { manager } = managerWith({
      granted: (owner) => owner === younger && manager.lockKey(old, users, 'b', X),
    });
    manager.lockKey(middle, users, 'b', X);
    manager.lockKey(young, users, 'a', X);
    manager.lockKey(young, users, 'c', X);
    manager.lockKey(younger, users, 'c', X);
    // Wounds young, which lets younger go on, which lets old take b away from middle.
    expect(manager.lockKey(middle, users, 'a', X)).toBe(false);
    expect(middle.ended).toBe(true);
    expect(manager.lockKey(middle, users, 'd', X)).toBe(false);
    expect(manager.list().some((row) => row.owner === middle)).toBe(false);
    manager.checkInvariants();
  });

  test('an error thrown by a port leaves it able to go on', () => {
    let broken = true;
    const { manager } = managerWith({
      granted: () => {
        if (broken) throw new Error('the port failed');
      },
    });
    const [old, young, younger] = [new LockOwner(1, 1), new LockOwner(2, 2), new LockOwner(3, 3)];
    manager.lockKey(old, users, 'a', X);
    manager.lockKey(young, users, 'a', X);
    expect(() => manager.release(old)).toThrow('the port failed');
    broken = false;
    manager.lockKey(younger, users, 'a', X);
    manager.release(young);
    expect(younger.waits).toBe(0);
    manager.checkInvariants();
  });
});

describe('LockManager called from its own ports', () => {
  const step = fc.record({
    kind: fc.constantFrom('key', 'key', 'key', 'key', 'table', 'release', 'nothing'),
    slot: fc.nat(4),
    table: fc.nat(1),
    key: fc.nat(1),
    mode: fc.constantFrom(...Object.values(LockMode)),
    outcome: fc.constantFrom('aborted' as const, 'given-back' as const),
  });
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  /** Does one list of steps, and one more step of the other list in each callback. */
  class Reentrant {
    readonly owners = [4, 2, 5, 1, 3].map((age) => new LockOwner(age, age));
    readonly manager: LockManager;
    readonly #nested: Step[];
    readonly #inCall = new Set<LockOwner>();
    /** Those that waited after the last outermost call and heard nothing since. */
    readonly #untold = new Set<LockOwner>();
    #nextId = 6;

    constructor(nested: readonly Step[]) {
      this.#nested = [...nested];
      this.manager = new LockManager(woundWait, {
        wound: () => this.#runNested()?.outcome ?? 'aborted',
        granted: (owner) => {
          expect(owner.waits).toBe(0);
          expect(this.#inCall.has(owner)).toBe(false);
          this.#untold.delete(owner);
          this.#runNested();
        },
        died: () => undefined,
      });
    }

    run(command: Step): void {
      const owner = this.#act(command);
      this.manager.checkInvariants();
      for (const other of this.#untold) {
        const heard = other.ended || other === owner;
        if (!heard) expect(other.waits, `${other.id} was not told`).toBeGreaterThan(0);
      }
      this.#untold.clear();
      this.owners.forEach((other, slot) => {
        if (other.waits > 0) this.#untold.add(other);
        if (other.ended) this.#replace(slot, other.age);
      });
    }

    #runNested(): Step | undefined {
      const next = this.#nested.pop();
      if (next !== undefined) this.#act(next);
      return next;
    }

    #act({ kind, slot, table, key, mode }: Step): LockOwner | undefined {
      const owner = this.owners[slot];
      if (owner === undefined || this.#inCall.has(owner)) return undefined;
      this.#inCall.add(owner);
      if (kind === 'release') {
        this.manager.release(owner);
        this.#untold.delete(owner);
        this.#replace(slot, this.#nextId);
      } else if (kind === 'table') this.manager.lockTable(owner, table, mode);
      else if (kind === 'key') this.manager.lockKey(owner, table, key, mode === S ? S : X);
      this.#inCall.delete(owner);
      // Its caller sees for itself what it holds now.
      if (owner.waits === 0) this.#untold.delete(owner);
      return owner;
    }

    #replace(slot: number, age: number): void {
      this.owners[slot] = new LockOwner(this.#nextId, age);
      this.#nextId += 1;
    }
  }

  test('keeps its invariants, tells of every wait that ends, and never deadlocks', () => {
    const steps = fc.array(step, { maxLength: 60, size: 'max' });
    fc.assert(
      fc.property(steps, steps, (script, nested) => {
        const locks = new Reentrant(nested);
        for (const command of script) locks.run(command);
        while (!locks.manager.idle) {
          const holding = new Set(locks.manager.list().map((row) => row.owner));
          const slot = locks.owners.findIndex((owner) => holding.has(owner) && owner.waits === 0);
          expect(slot, 'everybody waits: a deadlock').toBeGreaterThanOrEqual(0);
          locks.run({ kind: 'release', slot, table: 0, key: 0, mode: X, outcome: 'aborted' });
        }
      }),
      { numRuns: 300 },
    );
  });
});
