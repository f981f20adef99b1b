// Pattern: who blocks whom? A transaction that somebody forgot to end holds a lock, another waits for it. The views show
// both from any thread, and one call ends the culprit.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { startGrid, TransactionFinishedError } from 'troupe';
import { stock } from './definitions/who-blocks-whom.ts';

await using grid = await startGrid({
  modules: [new URL('./definitions/who-blocks-whom.js', import.meta.url)],
  threads: 2,
});
await grid.table(stock).set('Older First', 5);

// Labels are what makes the views readable.
await using stockTaking = await grid.begin({ label: 'stock-taking' });
await stockTaking.table(stock).get('Older First');

const sale = grid.transaction((tx) => tx.table(stock).increment('Older First', -1), { label: 'sale' });

/** The transactions, as soon as one of them waits. */
async function listWhenOneWaits() {
  for (let tries = 0; tries < 100; tries++) {
    const rows = await grid.transactions.list();
    if (rows.some(({ waitingFor }) => waitingFor.length > 0)) return rows;
    await pause(10);
  }
  throw new Error('no transaction waits for another');
}

const rows = await listWhenOneWaits();
const labelOf = (id: number) => rows.find((row) => row.id === id)?.label ?? `transaction ${id}`;
for (const { label, state, keysHeld, waitingFor } of rows) {
  const blockers = waitingFor.length === 0 ? '' : ` for ${waitingFor.map(labelOf).join(', ')}`;
  console.log(`${label}: ${state}${blockers}, holds ${keysHeld} keys`);
}
const locks = await grid.locks.list();
for (const { table, key, mode, state, label } of locks) {
  // A table is locked, too, with intent (IS, IX): so that who wants all of it finds out. Those two get along.
  const what = key === undefined ? `table ${table}` : `${table} '${String(key)}'`;
  console.log(`lock on ${what}: ${state} by ${label}, ${mode}`);
}
assert.deepEqual(rows.find(({ label }) => label === 'sale')?.waitingFor.map(labelOf), ['stock-taking']);

// The views are for people. Whoever decides by them must live with an answer that is a moment old: false, no such one.
assert.equal(await grid.transactions.abort(stockTaking.id), true);
console.log(`stock-taking is ended; the sale leaves ${await sale} copies`);
assert.equal(await sale, 4);
await assert.rejects(stockTaking.commit(), (error) => {
  assert(error instanceof TransactionFinishedError);
  console.log(`stock-taking learns of it at its commit: ${error.code}`);
  return true;
});
