/** Hermitage on real grids: every schedule, keys together and apart, with the one and the other transaction older. */
import { Placement } from '@troupe/core';
import { type Grid, startGrid } from 'troupe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { store, storeUrl } from '../running-grid.ts';
import { type Keys, ScheduleRun } from './schedule-run.ts';
import { blindSchedules, type Script, schedules } from './schedules.ts';

/** With two hosts, each owns one of the two partitions. */
const partitions = 2;
const ages = { firstOlder: ['T1', 'T2', 'T3'], secondOlder: ['T2', 'T1', 'T3'] } as const;
const orders = [
  ['the first older', 'firstOlder'],
  ['the second older', 'secondOlder'],
] as const;
const layouts = [
  ['in one partition', 'onePartition'],
  ['in two partitions', 'twoPartitions'],
] as const;

function keysOf(layout: 'onePartition' | 'twoPartitions'): Keys {
  const placement = Placement.roundRobin(partitions, [1, 2]);
  const inPartition = (wanted: number): string[] =>
    Array.from({ length: 64 }, (_, i) => `key-${i}`).filter(
      (key) => placement.partitionOf(store.counters, key, key) === wanted,
    );
  const [a = '', b = '', c = '', d = ''] = inPartition(0);
  const [e = '', f = ''] = inPartition(1);
  return layout === 'onePartition' ? [a, b, c, d] : [a, e, c, f];
}

function scriptFor(script: Script, layout: 'onePartition' | 'twoPartitions'): string {
  return typeof script === 'string' ? script : script[layout];
}

describe.each([
  ['inline', 0],
  ['on two hosts', 2],
])('hermitage %s', (_, threads) => {
  let grid: Grid;
  beforeAll(async () => {
    grid = await startGrid({ modules: [storeUrl], threads, partitions });
  });
  afterAll(() => grid.close({ timeoutMs: 1 }));

  describe.each(layouts)('with keys %s', (_layout, layout) => {
    describe.each(orders)('and %s', (_order, order) => {
      test.each([...schedules, ...blindSchedules])('$name', { timeout: 30_000 }, async (schedule) => {
        await new ScheduleRun(grid, keysOf(layout)).run(scriptFor(schedule[order], layout), ages[order]);
      });
    });
  });
});

test('the schedules are all there: fifteen of Hermitage, one of them in two forms', () => {
  expect(schedules).toHaveLength(16);
  expect(new Set(schedules.map(({ name }) => name)).size).toBe(16);
});
