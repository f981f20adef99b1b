/** The sum over all entries by a pool without data: the caller has them and sends each worker its share. */
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { measureSequential } from '../measuring/sequential.ts';
import type { Params, Sample } from '../scenario.ts';
import { mustEqual } from './entries.ts';

type Entries = [string, number][];

export async function measurePiscinaSum(params: Params): Promise<Sample> {
  const { loadEntries, hosts } = params;
  const pool = new Piscina({
    filename: new URL('./piscina-sum.worker.js', import.meta.url).href,
    minThreads: Math.min(hosts, availableParallelism()),
    maxThreads: hosts,
  });
  const entries: Entries = Array.from({ length: loadEntries }, (_, index) => [`account:${index}`, index]);
  const shares = Array.from({ length: hosts }, (_, host) =>
    entries.filter((__, index) => index % hosts === host),
  );
  const expected = (loadEntries * (loadEntries - 1)) / 2;
  const sample = await measureSequential(
    {
      call: () => Promise.all(shares.map((share): Promise<number> => pool.run(share, { name: 'sum' }))),
      check: (_, sums) =>
        mustEqual(
          sums.reduce((a, b) => a + b, 0),
          expected,
          'the sum of all balances',
        ),
    },
    params,
  );
  await pool.destroy();
  return sample;
}
