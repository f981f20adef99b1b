import { InvalidArgumentError, type Key, LocalTable, type Partition, table } from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { handleOf, oneMember, type TableMember } from './small-grid.ts';

interface Play {
  readonly title: string;
  stars: number[];
}

const plays = table<[customer: number, at: number], Play>('plays', { affinity: ([customer]) => customer });
let grid: TableMember;

beforeEach(async () => {
  grid = oneMember({ partitions: 8 });
  const all = grid.table(plays);
  for (const customer of [1, 2, 3]) {
    for (const at of [10, 20]) await all.set([customer, at], { title: `t${at}`, stars: [customer] });
  }
});

function partitionOf(customer: number): Partition {
  const partition = grid.owned.current(grid.placement.partitionOfAffinity(customer));
  if (partition === undefined) throw new Error('the grid owns all partitions');
  return partition;
}

function local(partitions: Iterable<Partition>): LocalTable<[number, number], Play> {
  return new LocalTable(handleOf(plays), grid.placement, partitions);
}

describe('a local table', () => {
  test('reads what the partitions given to it hold, by the keys users know', () => {
    const all = local(grid.owned.all());
    expect(all.get([2, 20])).toEqual({ title: 't20', stars: [2] });
    expect(all.get([2, 30])).toBeUndefined();
    expect([all.has([1, 10]), all.has([1, 11])]).toEqual([true, false]);
    expect(all.size).toBe(6);
    expect([...all.keys()]).toHaveLength(6);
    expect([...all.keys()]).toContainEqual([3, 10]);
    expect([...all]).toContainEqual([[3, 10], { title: 't10', stars: [3] }]);
    expect(new Set([...all.values()].map(({ stars }) => stars[0]))).toEqual(new Set([1, 2, 3]));
  });

  test('hands what is left of a walk to a function, in one go', () => {
    const all = local(grid.owned.all());
    const visited = <T>(walk: { forEach(visit: (item: T) => void): void }): T[] => {
      const items: T[] = [];
      walk.forEach((item) => void items.push(item));
      return items;
    };
    expect(visited(all.entries())).toEqual([...all.entries()]);
    expect(visited(all.keys())).toEqual([...all.keys()]);
    expect(visited(all.values({ prefix: [2] }))).toEqual([...all.values({ prefix: [2] })]);
    for (const begun of [1, 3, 6]) {
      const walk = all.keys();
      const first = Array.from({ length: begun }, () => walk.next().value as [number, number]);
      expect([...first, ...visited(walk)]).toEqual([...all.keys()]);
      expect(visited(walk)).toEqual([]);
    }
    const left = all.keys();
    left.return?.();
    expect(visited(left)).toEqual([]);
    expect(() => all.keys().forEach(undefined as never)).toThrow(InvalidArgumentError);
    all.values().forEach((value) => {
      expect(() => (value.stars = [])).toThrow(TypeError);
    });
  });

  test('gives ranges of its keys', () => {
    const all = local(grid.owned.all());
    const inOrder = (keys: Iterable<[number, number]>): [number, number][] =>
      [...keys].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    expect(inOrder(all.keys({ prefix: [2] }))).toEqual([
      [2, 10],
      [2, 20],
    ]);
    const entries = [...all.entries({ from: [2, 20], to: [3, 20] })];
    expect(inOrder(entries.map(([key]) => key))).toEqual([
      [2, 20],
      [3, 10],
    ]);
    expect([...all.values({ to: [1, 20] })]).toEqual([{ title: 't10', stars: [1] }]);
    expect([...all.keys({})]).toHaveLength(6);
    expect(() => [...all.keys({ from: [2], to: [1] })]).toThrow(/from must not come after to/);
    expect(() => [...all.values({ prefx: [1] } as object)]).toThrow(/did you mean `prefix`/);
  });

  test('covers only the partitions given to it', () => {
    const one = local([partitionOf(1)]);
    expect(one.size).toBe(partitionOf(1).store.size(0));
    expect([...one.keys()]).toContainEqual([1, 20]);
    expect([...one.keys()]).toHaveLength(one.size);
  });

  test('throws for a key of another partition instead of answering that it is absent', () => {
    const elsewhere = [2, 3, 4, 5, 6, 7].find(
      (customer) => partitionOf(customer) !== partitionOf(1),
    ) as number;
    const one = local([partitionOf(1)]);
    expect(() => one.get([elsewhere, 10])).toThrow(InvalidArgumentError);
    expect(() => one.has([elsewhere, 10])).toThrow(`lives in partition ${partitionOf(elsewhere).id}`);
  });

  test('throws TypeError on every attempt to change a value', () => {
    const all = local(grid.owned.all());
    const play = all.get([1, 10]) as Play;
    expect(() => play.stars.push(5)).toThrow(TypeError);
    expect(() => Object.assign(play, { title: 'x' })).toThrow(TypeError);
    for (const value of all.values()) expect(() => (value.stars = [])).toThrow(TypeError);
    expect(all.get([1, 10])).toEqual({ title: 't10', stars: [1] });
  });

  test('has no methods that write', () => {
    const all = local(grid.owned.all()) as unknown as Record<string, unknown>;
    for (const method of ['set', 'delete', 'insert', 'clear', 'take']) expect(all[method]).toBeUndefined();
  });

  test('sees writes at once, and goes on with an iteration that rested', async () => {
    const all = local(grid.owned.all());
    const keys = all.keys();
    const first = keys.next().value as [number, number];
    await grid.table(plays).delete(first);
    await grid.table(plays).set(first, { title: 'again', stars: [] });
    const rest: Key[] = [...keys];
    expect(all.get(first)?.title).toBe('again');
    expect(rest).toHaveLength(5);
    expect(rest).not.toContainEqual(first);
  });
});
