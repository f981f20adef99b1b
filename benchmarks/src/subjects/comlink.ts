/** Comlink: a proxy of an object in a worker, one message per call. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { measurePipelined } from '../measuring/pipelined.ts';
import type { Params, Sample } from '../scenario.ts';
import type { RemoteStore } from './comlink.worker.ts';
import { readsOf } from './reads.ts';

export async function measureComlinkPipelined(params: Params): Promise<Sample> {
  const worker = new Worker(new URL('./comlink.worker.js', import.meta.url), { workerData: params.keyCount });
  await once(worker, 'message');
  const store = wrap<RemoteStore>(nodeEndpoint(worker));
  const sample = await measurePipelined(
    readsOf(params.keyCount, (key) => store.get(key)),
    params,
  );
  await worker.terminate();
  return sample;
}
