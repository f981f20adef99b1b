/** Piscina with one thread that may hold as many tasks as are in flight: its best setting for small tasks. */
import { Piscina } from 'piscina';
import { measurePipelined } from '../measuring/pipelined.ts';
import type { Params, Sample } from '../scenario.ts';
import { readsOf } from './reads.ts';

export async function measurePiscinaPipelined(params: Params): Promise<Sample> {
  const pool = new Piscina({
    filename: new URL('./piscina.worker.js', import.meta.url).href,
    workerData: params.keyCount,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: params.inFlight,
  });
  const get = (key: string): Promise<number | undefined> => pool.run(key, { name: 'get' });
  const sample = await measurePipelined(readsOf(params.keyCount, get), params);
  await pool.destroy();
  return sample;
}
