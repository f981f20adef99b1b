// Pattern: many jobs at once. They are queued at the host that has the data; larger priorities leave the queue first,
// and what has been canceled there never runs.
import assert from 'node:assert/strict';
import { startGrid } from 'troupe';
import { loadCatalogue } from './catalogue/load-catalogue.ts';
import { counters, libraries, recommend } from './definitions/recommendations.ts';

await using grid = await startGrid({
  modules: [
    new URL('./definitions/catalogue.js', import.meta.url),
    new URL('./definitions/recommendations.js', import.meta.url),
  ],
  // One host that runs one job at a time, to see the order. By default a host runs 16 side by side.
  threads: 1,
  compute: { concurrency: 1 },
});
await loadCatalogue(grid);
await grid.table(libraries).setMany([
  ['ann', [[1, 1]]],
  ['bob', [[2, 6]]],
  [
    'cem',
    [
      [3, 8],
      [4, 11],
    ],
  ],
  ['dee', [[4, 12]]],
  [
    'eva',
    [
      [1, 2],
      [1, 3],
    ],
  ],
]);

const submit = (customer: string, priority = 0) =>
  grid.compute.submit(recommend, customer, { at: libraries.key(customer), priority });

// Ann finds an empty queue. Of those behind her Dee and Eva pay for being served first.
const executions = [submit('ann'), submit('bob'), submit('cem'), submit('dee', 10), submit('eva', 10)];
const [, bob, cem] = executions;
// Bob has left the page.
assert.equal(bob?.cancel(new Error('Bob has left')), true);
// Cem pays, too, and more than the others.
assert.equal(await cem?.changePriority(20), true);

const answers = await Promise.allSettled(executions.map(({ result }) => result));
const served = answers
  .flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  .toSorted((a, b) => a.turn - b.turn);
for (const { turn, customer, offers } of served) console.log(`${turn}. ${customer}: ${offers.join(', ')}`);
console.log(`bob: ${bob?.state}`);

assert.deepEqual(
  served.flatMap(({ customer }) => (customer === 'ann' ? [] : [customer])),
  ['cem', 'dee', 'eva'],
);

assert.equal(bob?.state, 'canceled');
await assert.rejects(bob.result, /Bob has left/);
assert.equal(await grid.table(counters).get('turns'), 4, 'a canceled job must not have run');
