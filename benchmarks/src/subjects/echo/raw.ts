/** One postMessage there and one back, a promise per request in a Map: what one writes by hand. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { measurePipelined } from '../../measuring/pipelined.ts';
import { measureSequential } from '../../measuring/sequential.ts';
import type { Params, Sample } from '../../scenario.ts';
import { measureTells } from './one-way.ts';
import { echoesOf } from './payload.ts';
import type { RawEcho } from './raw.worker.ts';

export async function measureRawEcho(params: Params): Promise<Sample> {
  const peer = await RawEchoes.start();
  const operation = echoesOf(params.payloadBytes, (payload) =>
    peer.ask((id) => ({ kind: 'echo', id, payload })),
  );
  const sample = await (params.inFlight === 1 ? measureSequential : measurePipelined)(operation, params);
  await peer.close();
  return sample;
}

export async function measureRawTells(params: Params): Promise<Sample> {
  const peer = await RawEchoes.start();
  const count = () => peer.ask((id) => ({ kind: 'count', id }));
  const sample = await measureTells(
    {
      teller: () => () => peer.post({ kind: 'tell' }),
      barrier: async () => void (await count()),
      total: async () => Number(await count()),
    },
    params,
  );
  await peer.close();
  return sample;
}

class RawEchoes {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (payload: unknown) => void>();
  #lastId = 0;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', ({ id, payload }: { id: number; payload: unknown }) => {
      const resolve = this.#waiting.get(id);
      this.#waiting.delete(id);
      resolve?.(payload);
    });
  }

  static async start(): Promise<RawEchoes> {
    const worker = new Worker(new URL('./raw.worker.js', import.meta.url));
    await once(worker, 'message');
    return new RawEchoes(worker);
  }

  post(message: RawEcho): undefined {
    this.#worker.postMessage(message);
  }

  ask(messageOf: (id: number) => RawEcho): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage(messageOf(id));
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
