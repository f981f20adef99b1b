import { startGrid } from 'troupe';
import { expect, test } from 'vitest';
import { tracks } from '../dist/definitions/catalogue.js';
import { countHere } from '../dist/definitions/partition-counts.js';
import { definitionModules } from './definition-modules.ts';
import { runScript } from './run-script.ts';

test('partition-counts lists all partitions, and they add up', async () => {
  const { code, stderr, lines } = await runScript('partition-counts');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines).toHaveLength(9);
  expect(lines[8]).toBe('13 tracks in 8 partitions; size() says 13');
});

test('countHere counts the rows of one artist in one partition', async () => {
  const modules = definitionModules('catalogue', 'partition-counts');
  await using grid = await startGrid({ modules, threads: 2, partitions: 4 });
  const track = { name: '', albumId: 1, genre: 'Rock', seconds: 1, priceCents: 1 };
  await grid.table(tracks).setMany(Array.from({ length: 500 }, (_, id) => [[7, id], track] as const));
  const counts = await grid.compute.broadcast(countHere, undefined, { over: tracks }).results;
  expect(counts.map(({ tracks: count }) => count).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 500]);
});
