/**
 * What one writes by hand with nothing but Node: one message per request and one per answer, a promise per request in
 * a Map, and the same entries in a Map on the other side.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { measurePipelined } from '../measuring/pipelined.ts';
import { measureSequential } from '../measuring/sequential.ts';
import type { Params, Sample } from '../scenario.ts';
import type { RawAnswer, RawRequest } from './raw.worker.ts';
import { readsOf } from './reads.ts';

export async function measureRawPipelined(params: Params): Promise<Sample> {
  const store = await RawStore.start(params.keyCount);
  const sample = await measurePipelined(
    readsOf(params.keyCount, (key) => store.get(key)),
    params,
  );
  await store.close();
  return sample;
}

export async function measureRawSequential(params: Params): Promise<Sample> {
  const store = await RawStore.start(params.keyCount);
  const sample = await measureSequential(
    readsOf(params.keyCount, (key) => store.get(key)),
    params,
  );
  await store.close();
  return sample;
}

class RawStore {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (value: number | undefined) => void>();
  #lastId = 0;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', ({ id, value }: RawAnswer) => {
      const resolve = this.#waiting.get(id);
      this.#waiting.delete(id);
      resolve?.(value);
    });
  }

  static async start(keyCount: number): Promise<RawStore> {
    const worker = new Worker(new URL('./raw.worker.js', import.meta.url), { workerData: keyCount });
    await once(worker, 'message');
    return new RawStore(worker);
  }

  get(key: string): Promise<number | undefined> {
    const id = ++this.#lastId;
    const request: RawRequest = { id, op: 'get', key };
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    if (this.#waiting.size > 0) throw new Error(`${this.#waiting.size} requests were never answered`);
    await this.#worker.terminate();
  }
}
