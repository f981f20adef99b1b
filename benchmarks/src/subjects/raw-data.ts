/**
 * What one writes by hand for questions to much data: a worker thread for each host of the grid, each with its share of
 * the entries in a Map, asked by one message and answering by one. And one worker that answers 10 MB.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { measureSequential } from '../measuring/sequential.ts';
import type { Params, Sample } from '../scenario.ts';
import { mustEqual } from './entries.ts';
import type { RawDataRequest, RawShare } from './raw-data.worker.ts';
import { mustBeAllSamples } from './samples.ts';

export function measureRawSum({ loadEntries, hosts, ...params }: Params): Promise<Sample> {
  const expected = (loadEntries * (loadEntries - 1)) / 2;
  const shares = Array.from(
    { length: hosts },
    (_, from): RawShare => ({ from, step: hosts, to: loadEntries }),
  );
  return measureWorkers(shares, { loadEntries, hosts, ...params }, 'sum', (sums) => {
    const sum = (sums as number[]).reduce((a, b) => a + b, 0);
    mustEqual(sum, expected, 'the sum of all balances');
  });
}

export function measureRawLargeResult(params: Params): Promise<Sample> {
  return measureWorkers([{ from: 0, step: 1, to: 0 }], params, 'samples', ([found]) =>
    mustBeAllSamples(found as Float64Array),
  );
}

async function measureWorkers(
  shares: readonly RawShare[],
  params: Params,
  request: RawDataRequest,
  check: (answers: unknown[]) => void,
): Promise<Sample> {
  const workers = shares.map(
    (workerData) => new Worker(new URL('./raw-data.worker.js', import.meta.url), { workerData }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const call = (): Promise<unknown[]> =>
    Promise.all(
      workers.map(async (worker) => {
        worker.postMessage(request);
        const [answer] = await once(worker, 'message');
        return answer as unknown;
      }),
    );
  const sample = await measureSequential({ call, check: (_, answers) => check(answers) }, params);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return sample;
}
