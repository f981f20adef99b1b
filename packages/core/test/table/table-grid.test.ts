// The operations from end to end: a table, the messages, the owner and its store, by one member and by two.
import {
  InvalidArgumentError,
  PartitionUnavailableError,
  ReadOnlyError,
  SnapshotTooOldError,
  TableOp,
  table,
} from '@troupe/core';
import { describe, expect, test } from 'vitest';
import {
  oneMember,
  replaceOwner,
  type SmallGridOptions,
  type TableMember,
  twoMembers,
} from './small-grid.ts';

interface Account {
  balance: number;
  tags?: string[];
}

const accounts = table<string, Account>('accounts');
const counters = table<string, number>('counters');
const bySize = { cursorsMax: 2, pageEntriesMax: 3, pageBytesMax: 1_000, pageWalkMax: 100 };

interface Grid {
  readonly caller: TableMember;
  readonly owner: TableMember;
}

function alone(options?: SmallGridOptions): Grid {
  const member = oneMember(options);
  return { caller: member, owner: member };
}

const grids: [string, (options?: SmallGridOptions) => Grid][] = [
  ['a grid of one member', alone],
  ['two members', twoMembers],
];

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe.each(grids)('a table of %s', (_, start) => {
  test('does what its operations say', async () => {
    const { caller } = start();
    const all = caller.table(accounts);
    expect(await all.get('a')).toBeUndefined();
    expect(await all.set('a', { balance: 1 })).toBeUndefined();
    expect(await all.get('a')).toEqual({ balance: 1 });
    expect([await all.has('a'), await all.has('b')]).toEqual([true, false]);
    expect([await all.insert('a', { balance: 9 }), await all.insert('b', { balance: 2 })]).toEqual([
      false,
      true,
    ]);
    expect([await all.replace('c', { balance: 9 }), await all.replace('b', { balance: 3 })]).toEqual([
      false,
      true,
    ]);
    expect(await all.compareAndSet('b', { balance: 3 }, { balance: 4 })).toBe(true);
    expect(await all.compareAndSet('c', undefined, { balance: 5 })).toBe(true);
    expect(await all.getAndSet('c', { balance: 6 })).toEqual({ balance: 5 });
    expect(await all.size()).toBe(3);
    expect(await all.take('c')).toEqual({ balance: 6 });
    expect([await all.delete('b'), await all.delete('b')]).toEqual([true, false]);
    expect(await all.size()).toBe(1);
    await all.clear();
    expect(await all.size()).toBe(0);
  });

  test('counts, and refuses to count on what is no number', async () => {
    const counting = start().caller.table(counters);
    expect(await counting.increment('a')).toBe(1);
    expect(await counting.increment('a', 5)).toBe(6);
    expect(await counting.increment('b', 1, { initial: 100 })).toBe(101);
    await counting.set('c', 'text' as unknown as number);
    await expect(counting.increment('c')).rejects.toThrow(InvalidArgumentError);
    await expect(counting.increment('c')).rejects.toThrow(`increment: the entry "c" must be a number`);
  });

  test('shares no object with its callers', async () => {
    const { caller } = start();
    const all = caller.table(accounts);
    const mine: Account = { balance: 1, tags: ['x'] };
    const stored = all.set('a', mine);
    mine.balance = 2;
    mine.tags?.push('y');
    await stored;
    const first = await all.get('a');
    expect(first).toEqual({ balance: 1, tags: ['x'] });
    first?.tags?.push('z');
    expect(await all.get('a')).toEqual({ balance: 1, tags: ['x'] });
    for await (const [, value] of all.entries()) value.tags?.push('z');
    expect(await all.getAndSet('a', mine)).toEqual({ balance: 1, tags: ['x'] });
  });

  test('works on many keys', async () => {
    const all = start().caller.table(counters);
    await all.setMany(
      new Map([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]),
    );
    await all.setMany([
      ['d', 4],
      ['d', 5],
    ]);
    expect(await all.getMany(['d', 'x', 'a', 'a'])).toEqual([5, undefined, 1, 1]);
    expect(await all.deleteMany(['a', 'x', 'b'])).toBe(2);
    expect(await all.size()).toBe(2);
    expect(
      await all.insertMany([
        ['c', 9],
        ['e', 9],
      ]),
    ).toBe(false);
    const some = [
      ['c', 9],
      ['e', 9],
    ] as const;
    expect(await all.insertMany(some, { partial: true })).toEqual(['c']);
    expect(await all.getMany(['c', 'e'])).toEqual([3, 9]);
  });

  test('updates a key without losing a change, without transactions as well', async () => {
    const all = start().caller.table(counters);
    const addOne = async (count: number | undefined): Promise<number> => (count ?? 0) + 1;
    await Promise.all(Array.from({ length: 50 }, () => all.update('a', addOne)));
    expect(await all.get('a')).toBe(50);
    expect(await all.update('a', () => undefined)).toBeUndefined();
    expect(await all.has('a')).toBe(false);
  });

  test('iterates over every entry once, in pages', async () => {
    const { caller, owner } = start({ scanLimits: bySize });
    const all = caller.table(counters);
    const entries = Array.from({ length: 50 }, (_item, i): [string, number] => [`k${i}`, i]);
    await all.setMany(entries);
    const sorted = (items: unknown[]): string[] => items.map((item) => JSON.stringify(item)).sort();
    expect(sorted(await collect(all.entries()))).toEqual(sorted(entries));
    expect(sorted(await collect(all.keys()))).toEqual(sorted(entries.map(([key]) => key)));
    expect(sorted(await collect(all.values()))).toEqual(sorted(entries.map(([, value]) => value)));
    expect(owner.service.openCursors).toBe(0);
    expect(caller.snapshots.size).toBe(0);
  });

  test('iterates over one moment, whatever is written meanwhile', async () => {
    const { caller } = start({ scanLimits: bySize });
    const all = caller.table(counters);
    for (let i = 0; i < 40; i++) await all.set(`k${i}`, 1);
    let sum = 0;
    let count = 0;
    for await (const [key, value] of all.entries()) {
      sum += value;
      count++;
      await all.increment(`k${(count * 7) % 40}`, 1_000);
      await all.set(`new-${key}`, 1_000);
      if (count % 3 === 0) await all.delete(`k${(count * 11) % 40}`);
    }
    expect([count, sum]).toEqual([40, 40]);
  });

  test('gives everything back when an iteration is left early', async () => {
    const { caller, owner } = start({ scanLimits: bySize });
    const all = caller.table(counters);
    for (let i = 0; i < 60; i++) await all.set(`k${i}`, i);
    for await (const key of all.keys()) {
      expect(key).toMatch(/^k/);
      expect(owner.service.openCursors).toBeGreaterThan(0);
      break;
    }
    await all.size(); // a round trip: the notice to the owner has arrived before its answer
    await all.size();
    expect(owner.service.openCursors).toBe(0);
    expect(caller.snapshots.size).toBe(0);
  });

  test('gives everything back when an iteration is aborted while a page is under way', async () => {
    const { caller, owner } = start({ scanLimits: bySize });
    const all = caller.table(counters);
    for (let i = 0; i < 60; i++) await all.set(`k${i}`, i);
    const controller = new AbortController();
    const keys = all.keys({ signal: controller.signal });
    const first = keys.next();
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await all.size();
    await all.size();
    expect(owner.service.openCursors).toBe(0);
    expect(caller.snapshots.size).toBe(0);
  });

  test('sends nothing for an iteration that is never begun', async () => {
    const { caller, owner } = start();
    await caller.table(counters).keys().return?.();
    expect(caller.snapshots.size).toBe(0);
    expect(owner.service.openCursors).toBe(0);
  });

  test('refuses more open iterations of one partition than the limit', async () => {
    const { caller } = start({ partitions: 1, scanLimits: bySize });
    const all = caller.table(counters);
    for (let i = 0; i < 20; i++) await all.set(`k${i}`, i);
    const iterations = [all.keys(), all.keys(), all.keys()];
    const [first, second, third] = iterations.map((iteration) => iteration.next());
    await expect(first).resolves.toMatchObject({ done: false });
    await expect(second).resolves.toMatchObject({ done: false });
    await expect(third).rejects.toMatchObject({ code: 'QUEUE_FULL', retryable: true });
    for (const iteration of iterations) await iteration.return?.();
  });

  test('reads the past through a snapshot and refuses to change it', async () => {
    const { caller } = start({ scanLimits: bySize });
    const all = caller.table(counters);
    await all.setMany(Array.from({ length: 20 }, (_item, i): [string, number] => [`k${i}`, i]));
    const snapshot = caller.snapshots.acquire();
    await all.clear();
    await all.set('k0', 1_000);
    const past = caller.tableAt(counters, snapshot);
    expect([await past.get('k0'), await past.has('k1'), await past.has('x')]).toEqual([0, true, false]);
    expect(await past.getMany(['k19', 'x', 'k3', 'k19'])).toEqual([19, undefined, 3, 19]);
    expect(await past.size()).toBe(20);
    expect(await collect(past.keys())).toHaveLength(20);
    for (const write of [past.set('a', 1), past.deleteMany(['a']), past.setMany([['a', 1]]), past.clear()]) {
      await expect(write).rejects.toThrow(ReadOnlyError);
    }
    expect(await past.get('k5')).toBe(5);
    snapshot.release();
    await expect(caller.tableAt(counters, snapshot).get('k0')).resolves.toBe(0);
    await all.set('k0', 2_000);
    await expect(caller.tableAt(counters, snapshot).get('k0')).rejects.toThrow(SnapshotTooOldError);
    await expect(collect(caller.tableAt(counters, snapshot).keys())).rejects.toThrow(SnapshotTooOldError);
  });

  test('drops what no snapshot needs when the owner is told that the floor has moved', async () => {
    const { caller, owner } = start({ partitions: 2 });
    const all = caller.table(counters);
    const snapshot = caller.snapshots.acquire();
    for (let i = 0; i < 24_000; i++) void all.set(`k${i % 8}`, i);
    await all.set('last', 1);
    const superseded = (): number =>
      [...owner.owned.all()].reduce((sum, { store }) => sum + store.supersededCount, 0);
    const prune = async (): Promise<void> => {
      const peer = caller.member.tryPeer(caller.placement.ownerOf(0));
      if (peer !== undefined) caller.member.sendProtocol(peer, [TableOp.prune]);
      await all.get('last');
    };
    await prune();
    expect(superseded()).toBe(24_000 - 8);
    snapshot.release();
    await prune();
    // In portions, so that what comes in between is served.
    expect(superseded()).toBeGreaterThan(0);
    while (superseded() > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await all.get('k7')).toBe(23_999);
  });

  test('answers reads of many large values in several messages', async () => {
    const { caller } = start({ partitions: 1, scanLimits: bySize });
    const texts = table<number, string>('texts');
    const all = caller.table(texts);
    const text = (i: number): string => String(i).repeat(400);
    for (let i = 0; i < 10; i++) await all.set(i, text(i));
    const snapshot = caller.snapshots.acquire();
    const keys = [...Array(10).keys()];
    expect(await caller.tableAt(texts, snapshot).getMany(keys)).toEqual(keys.map(text));
    snapshot.release();
  });
});

describe('a table whose owner is replaced', () => {
  test('waits for the successor and finds it empty', async () => {
    const { caller } = twoMembers();
    const all = caller.table(counters);
    await all.set('a', 1);
    caller.member.lose(1, 1);
    const waiting = all.get('a');
    replaceOwner(caller);
    expect(await waiting).toBeUndefined();
    await all.set('a', 2);
    expect(await all.get('a')).toBe(2);
  });

  test('refuses what was meant for the predecessor', async () => {
    const { caller, owner } = twoMembers({ partitions: 1 });
    caller.shared.raiseIncarnation(0);
    const refused = caller.table(counters).set('a', 1);
    await expect(refused).rejects.toThrow(PartitionUnavailableError);
    await expect(refused).rejects.toMatchObject({ retryable: true });
    expect(owner.owned.current(0)?.store.size(0)).toBe(0);
  });

  test('ends an iteration rather than give half of it', async () => {
    const { caller } = twoMembers({ scanLimits: bySize });
    const all = caller.table(counters);
    for (let i = 0; i < 60; i++) await all.set(`k${i}`, i);
    const keys = all.keys();
    await keys.next();
    caller.member.lose(1, 1);
    const successor = replaceOwner(caller);
    await expect(collect(keys)).rejects.toMatchObject({ retryable: true });
    expect(caller.snapshots.size).toBe(0);
    expect(successor.service.openCursors).toBe(0);
  });

  test('answers a snapshot from before with SNAPSHOT_TOO_OLD, never with "absent"', async () => {
    const { caller } = twoMembers();
    const all = caller.table(counters);
    await all.set('a', 1);
    const snapshot = caller.snapshots.acquire();
    await all.set('b', 1);
    caller.member.lose(1, 1);
    replaceOwner(caller);
    await expect(caller.tableAt(counters, snapshot).get('a')).rejects.toThrow(SnapshotTooOldError);
    snapshot.release();
  });

  test('gives back what a lost caller had open', async () => {
    const { caller, owner } = twoMembers({ scanLimits: bySize });
    const all = caller.table(counters);
    for (let i = 0; i < 60; i++) await all.set(`k${i}`, i);
    await all.keys().next();
    expect(owner.service.openCursors).toBeGreaterThan(0);
    owner.member.lose(0, 1);
    expect(owner.service.openCursors).toBe(0);
  });
});
