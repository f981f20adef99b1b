// Pattern: retries. Only the caller knows which errors pass, so he says how often and for which a job is run again.
import assert from 'node:assert/strict';
import { startGrid } from 'troupe';
import { loadCatalogue } from './catalogue/load-catalogue.ts';
import { tracks } from './definitions/catalogue.ts';
import { fetchLyrics, type LyricsOf, NoSuchTrack, ProviderBusy } from './definitions/retrying-jobs.ts';

await using grid = await startGrid({
  modules: [
    new URL('./definitions/catalogue.js', import.meta.url),
    new URL('./definitions/retrying-jobs.js', import.meta.url),
  ],
  threads: 2,
});
await loadCatalogue(grid);

const submit = (of: LyricsOf, retries: number) =>
  grid.compute.submit(fetchLyrics, of, {
    at: tracks.affinityKey(of.artistId),
    // Attempts after the first, with pauses that grow from 20 ms, all within one `timeoutMs` (30 s by default).
    retries,
    shouldRetry: (error) => {
      console.log(`  ${error instanceof Error ? error.message : String(error)}`);
      return error instanceof ProviderBusy;
    },
  });

console.log('Up to four retries');
const patient = submit({ artistId: 1, trackId: 1 }, 4);
const { text, attempt } = await patient.result;
console.log(`  "${text}" at attempt ${attempt}`);
assert.equal(patient.status.attempts, 3);

console.log('One retry is not enough');
const hasty = submit({ artistId: 1, trackId: 1 }, 1);
await assert.rejects(hasty.result, ProviderBusy);
assert.equal(hasty.status.attempts, 2);

console.log('An error that will not pass');
const wrong = submit({ artistId: 1, trackId: 99 }, 4);
await assert.rejects(wrong.result, NoSuchTrack);
assert.equal(wrong.status.attempts, 1);
