/** What a thread has committed is there for the jobs that it asks for afterwards, though they take no locks. */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { start } from './running-grid.ts';

const url = new URL('./fixtures/local-reads.mjs', import.meta.url);
const { writeAndSum, writesAndSums } = createRequire(import.meta.url)(
  './fixtures/local-reads.mjs',
) as typeof import('./fixtures/local-reads.mjs');

/** So many that a link sends the messages of one commit in several frames. */
const partitions = 256;
const keyCount = 400;
const rounds = 100;

test.each([
  ['the service', 'service'],
  ['a host', 'host'],
] as const)('jobs read without locks what %s has committed before it asked for them', async (_, asker) => {
  const grid = await start(2, { modules: [url], partitions });
  for (let round = 1; round <= rounds; round++) {
    const sum =
      asker === 'service'
        ? await writeAndSum(grid, keyCount, round)
        : await grid.compute.run(writesAndSums, { keyCount, round }, { at: { host: 0 } });
    expect([round, sum]).toEqual([round, round * keyCount]);
  }
});
