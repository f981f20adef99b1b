/** The other side of `raw-data.ts`. Says 'ready' once, then answers. */
import { parentPort, workerData } from 'node:worker_threads';
import { sampleCount } from './samples.ts';

/** Every `step`-th account from `from` up to `to`. */
export interface RawShare {
  readonly from: number;
  readonly step: number;
  readonly to: number;
}

export type RawDataRequest = 'sum' | 'samples';

const { from, step, to } = workerData as RawShare;
const entries = new Map<string, number>();
for (let index = from; index < to; index += step) entries.set(`account:${index}`, index);
const samples = new Float64Array(sampleCount).fill(1);

parentPort?.on('message', (request: RawDataRequest) => {
  if (request === 'sum') {
    let sum = 0;
    for (const balance of entries.values()) sum += balance;
    parentPort?.postMessage(sum);
  } else {
    const copy = samples.slice();
    parentPort?.postMessage(copy, [copy.buffer]);
  }
});
parentPort?.postMessage('ready');
