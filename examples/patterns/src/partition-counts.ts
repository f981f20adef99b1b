// Pattern: a count for each partition, by a broadcast over a table; to find out how evenly it is spread, say.
import assert from 'node:assert/strict';
import { startGrid } from 'troupe';
import { loadCatalogue } from './catalogue/load-catalogue.ts';
import { tracks } from './definitions/catalogue.ts';
import { countHere } from './definitions/partition-counts.ts';

await using grid = await startGrid({
  modules: [
    new URL('./definitions/catalogue.js', import.meta.url),
    new URL('./definitions/partition-counts.js', import.meta.url),
  ],
  threads: 2,
  partitions: 8,
});
await loadCatalogue(grid);

// The results come in the order of the partitions.
const counts = await grid.compute.broadcast(countHere, undefined, { over: tracks }).results;
for (const { partition, host, tracks: count } of counts) {
  console.log(
    `partition ${partition} on host ${host}: ${'#'.repeat(count)}${count === 0 ? 'none' : ` ${count}`}`,
  );
}

// Nobody writes here meanwhile. Else each count would be right for a moment of its own; `size()` is of one moment.
const size = await grid.table(tracks).size();
const sum = counts.reduce((total, { tracks: count }) => total + count, 0);
console.log(`${sum} tracks in ${counts.length} partitions; size() says ${size}`);
assert.deepEqual(
  counts.map(({ partition }) => partition),
  [0, 1, 2, 3, 4, 5, 6, 7],
);
assert.equal(sum, size);
