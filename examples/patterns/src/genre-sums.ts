// Pattern: map-reduce. Each partition answers for its own rows, and only the sums travel.
import assert from 'node:assert/strict';
import { startGrid } from 'troupe';
import { loadCatalogue } from './catalogue/load-catalogue.ts';
import { tracks } from './definitions/catalogue.ts';
import { genreSums, genreSumsByHand } from './definitions/genre-sums.ts';

await using grid = await startGrid({
  modules: [
    new URL('./definitions/catalogue.js', import.meta.url),
    new URL('./definitions/genre-sums.js', import.meta.url),
  ],
  threads: 2,
});
const catalogue = await loadCatalogue(grid);

const longerThan = { seconds: 190 };
const sums = await grid.compute.run(genreSums, longerThan, { over: tracks });
const byHand = await grid.compute.run(genreSumsByHand, longerThan, { over: tracks });

console.log(`Tracks longer than ${longerThan.seconds} s`);
for (const [genre, sum] of byHand) console.log(`  ${genre}: ${sum.tracks} tracks, ${sum.seconds} s`);

assert.deepEqual(new Map(byHand), sums);
const long = catalogue.tracks.filter(([, { seconds }]) => seconds > longerThan.seconds);
assert.equal(
  byHand.reduce((total, [, sum]) => total + sum.tracks, 0),
  long.length,
);
console.log('groupBy gives the same as map, combine and reduce by hand.');
