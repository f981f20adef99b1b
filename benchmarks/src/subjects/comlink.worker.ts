/** The object that the Comlink subject calls. Says 'ready' once it listens. */
import { parentPort, workerData } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { filledMap } from './filled-map.ts';

const entries = filledMap(workerData as number);
const store = { get: (key: string): number | undefined => entries.get(key) };
export type RemoteStore = typeof store;

if (parentPort === null) throw new Error('this file runs in a worker thread');
expose(store, nodeEndpoint(parentPort));
parentPort.postMessage('ready');
