// Pattern: colocated analysis. The job goes to the partition of the artist, where `affinity` keeps the albums and
// tracks, so nothing but the result crosses threads.
import assert from 'node:assert/strict';
import { startGrid } from 'troupe';
import { loadCatalogue } from './catalogue/load-catalogue.ts';
import { analyseArtist, UnknownArtist } from './definitions/artist-analysis.ts';
import { artists } from './definitions/catalogue.ts';

await using grid = await startGrid({
  modules: [
    new URL('./definitions/catalogue.js', import.meta.url),
    new URL('./definitions/artist-analysis.js', import.meta.url),
  ],
  threads: 2,
});
const catalogue = await loadCatalogue(grid);

const analyses = await Promise.all(
  // `at` says where: the owner of this key. `albums.affinityKey(artistId)` would name the same partition.
  catalogue.artists.map(([id]) => grid.compute.run(analyseArtist, id, { at: artists.key(id) })),
);
for (const { artist, albums, tracks, seconds, longest, host, partition } of analyses) {
  const titles = albums.join(', ');
  console.log(
    `${artist} (${titles}): ${tracks} tracks, ${seconds} s, longest ${longest}; partition ${partition}, host ${host}`,
  );
}

const seconds = (list: readonly { readonly seconds: number }[]) =>
  list.reduce((sum, one) => sum + one.seconds, 0);
assert.equal(seconds(analyses), seconds(catalogue.tracks.map(([, track]) => track)));

// What a job throws arrives with its class.
await assert.rejects(grid.compute.run(analyseArtist, 99, { at: artists.key(99) }), UnknownArtist);
console.log('Artist 99 is refused with the error of the job.');
