/** The other side of the raw subject. Says 'ready' once, then answers. */
import { parentPort, workerData } from 'node:worker_threads';
import { filledMap } from './filled-map.ts';

export interface RawRequest {
  readonly id: number;
  readonly op: 'get';
  readonly key: string;
}

export interface RawAnswer {
  readonly id: number;
  readonly value: number | undefined;
}

const entries = filledMap(workerData as number);

parentPort?.on('message', ({ id, op, key }: RawRequest) => {
  if (op !== 'get') throw new TypeError(`unknown operation ${String(op)}`);
  const answer: RawAnswer = { id, value: entries.get(key) };
  parentPort?.postMessage(answer);
});
parentPort?.postMessage('ready');
