// Pattern: publish and subscribe. Prices change at one place; a ticker in the service and the wish lists of customers,
// actors on whatever threads, hear of it. What a wish list has found is read as a stream.
import assert from 'node:assert/strict';
import { startGrid } from 'troupe';
import { type PriceChange, priceChanges, wishList } from './definitions/price-watch.ts';

await using grid = await startGrid({
  modules: [new URL('./definitions/price-watch.js', import.meta.url)],
  threads: 2,
});

const changes: readonly PriceChange[] = [
  { trackId: 1, cents: 99 },
  { trackId: 2, cents: 129 },
  { trackId: 1, cents: 79 },
];

const ticker: PriceChange[] = [];
let allShown = (): void => undefined;
const shown = new Promise<void>((resolve) => {
  allShown = resolve;
});
// From here on everything that is published comes, from whatever thread.
await using _subscription = await grid.topic(priceChanges).subscribe((change) => {
  ticker.push(change);
  if (ticker.length === changes.length) allShown();
});

const wishes = { alice: [1, 99], bob: [1, 80], carol: [2, 100] } as const;
for (const [customer, [trackId, centsMax]] of Object.entries(wishes))
  await grid.actor(wishList, customer).wish(trackId, centsMax);

for (const change of changes) await grid.topic(priceChanges).publish(change);
await shown;
// One publisher, so in the order in which it was published.
assert.deepEqual(ticker, changes);
console.log(
  `The ticker has shown ${ticker.map(({ trackId, cents }) => `#${trackId} at ${cents}`).join(', ')}`,
);

const found: Record<string, number[]> = {};
for (const customer of Object.keys(wishes)) {
  found[customer] = [];
  for await (const { trackId, cents } of grid.actor(wishList, customer).bargains()) {
    console.log(`${customer} may have track ${trackId} for ${cents} cents`);
    found[customer].push(cents);
  }
}
assert.deepEqual(found, { alice: [99, 79], bob: [79], carol: [] });
