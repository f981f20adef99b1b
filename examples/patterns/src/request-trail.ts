// Pattern: what was done for which request. The service sets a context around each request, as a web framework would; it
// follows the calls to whatever thread they go, and on from there, so a logger deep in an actor knows whom it serves.
import assert from 'node:assert/strict';
import { startGrid } from 'troupe';
import { basket, trail } from './definitions/request-trail.ts';

await using grid = await startGrid({
  modules: [new URL('./definitions/request-trail.js', import.meta.url)],
  threads: 2,
});

async function serve(requestId: string, user: string, items: readonly string[]): Promise<void> {
  await grid.withContext({ requestId, user }, async () => {
    for (const item of items) await grid.actor(basket, user).add(item);
  });
}

// At once, over the same threads: each call keeps to its own request.
await Promise.all([serve('r-1', 'alice', ['bread', 'milk']), serve('r-2', 'bob', ['butter'])]);
// No request, no trail.
await grid.actor(basket, 'carol').add('salt');

const trails = await Promise.all(['r-1', 'r-2'].map((id) => grid.actor(trail, id).lines()));
for (const [i, lines] of trails.entries()) {
  console.log(`Request r-${i + 1}`);
  for (const line of lines) console.log(`  ${line}`);
}
assert.deepEqual(
  trails.map(({ length }) => length),
  [4, 2],
);
