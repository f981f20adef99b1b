/** The function that the Comlink subject calls. Says 'ready' once it listens. */
import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

const echoes = { echo: (payload: unknown): unknown => payload };
export type RemoteEchoes = typeof echoes;

if (parentPort === null) throw new Error('this file runs in a worker thread');
expose(echoes, nodeEndpoint(parentPort));
parentPort.postMessage('ready');
