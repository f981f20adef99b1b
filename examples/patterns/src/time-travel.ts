// Pattern: time travel. The grid keeps what was overwritten or removed for `retentionMs`, and a read-only transaction
// reads any moment within it: all tables, one moment, without a lock.
import assert from 'node:assert/strict';
import { SnapshotTooOldError, startGrid } from 'troupe';
import { prices } from './definitions/time-travel.ts';

await using grid = await startGrid({
  modules: [new URL('./definitions/time-travel.js', import.meta.url)],
  threads: 2,
  retentionMs: 60_000,
});
const priceList = [
  ['Looms', 99],
  ['Barrels', 129],
  ['Cards', 79],
] as const;
await grid.table(prices).setMany(priceList);

// A moment has a name: the `readTimestamp` of a read-only transaction. Keep it with whatever refers to it, an order say.
const endOfMonth = await grid.transaction((tx) => tx.readTimestamp, { readOnly: true });
assert(endOfMonth !== undefined);

await grid.table(prices).set('Looms', 149);
await grid.table(prices).delete('Barrels');
await grid.table(prices).set('Give Way', 99);

async function listAsOf(asOf: number) {
  const list = new Map<string, number>();
  await grid.transaction(
    async (tx) => {
      for await (const [name, cents] of tx.table(prices).entries()) list.set(name, cents);
    },
    { readOnly: true, asOf },
  );
  return list;
}

function print(title: string, list: ReadonlyMap<string, number>): void {
  const texts = [...list].map(([name, cents]) => `${name} ${cents}`);
  console.log(`${title}: ${texts.toSorted().join(', ')}`);
}

const now = await grid.transaction((tx) => tx.readTimestamp, { readOnly: true });
assert(now !== undefined);
const then = await listAsOf(endOfMonth);
print('At the end of the month', then);
print('Now', await listAsOf(now));
assert.deepEqual(then, new Map(priceList));
assert.equal(await grid.table(prices).has('Barrels'), false);

// What is not kept is refused, never answered wrong.
await assert.rejects(listAsOf(1), (error) => {
  assert(error instanceof SnapshotTooOldError);
  console.log(`Before all times: ${error.code}`);
  return true;
});
