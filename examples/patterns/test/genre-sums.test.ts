import { startGrid } from 'troupe';
import { expect, test } from 'vitest';
import { tracks } from '../dist/definitions/catalogue.js';
import { genreSums, genreSumsByHand } from '../dist/definitions/genre-sums.js';
import { definitionModules } from './definition-modules.ts';
import { runScript } from './run-script.ts';

test('genre-sums prints the genres, the longest first', async () => {
  const { code, stderr, lines } = await runScript('genre-sums');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines.slice(1, 3)).toEqual(['  Jazz: 3 tracks, 858 s', '  Metal: 3 tracks, 808 s']);
});

test('both map-reduces add up a genre over all partitions, and give nothing for nothing', async () => {
  const modules = definitionModules('catalogue', 'genre-sums');
  await using grid = await startGrid({ modules, threads: 2, partitions: 8 });
  const all = { seconds: 0 };
  expect(await grid.compute.run(genreSums, all, { over: tracks })).toEqual(new Map());
  expect(await grid.compute.run(genreSumsByHand, all, { over: tracks })).toEqual([]);

  const track = { name: '', albumId: 1, genre: 'Rock', priceCents: 1 };
  const rows = Array.from({ length: 100 }, (_, id) => ({ ...track, seconds: id }));
  await grid.table(tracks).setMany(rows.map((row, id) => [[id, id], row]));
  const upper = { seconds: 49 };
  const sum = { tracks: 50, seconds: (50 + 99) * 25 };
  expect(await grid.compute.run(genreSums, upper, { over: tracks })).toEqual(new Map([['Rock', sum]]));
  expect(await grid.compute.run(genreSumsByHand, upper, { over: tracks })).toEqual([['Rock', sum]]);
});
