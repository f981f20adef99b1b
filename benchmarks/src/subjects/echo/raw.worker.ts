/** Answers what it is sent, or counts it. Says 'ready' once it listens. */
import { parentPort } from 'node:worker_threads';

export type RawEcho =
  | { readonly kind: 'echo'; readonly id: number; readonly payload: unknown }
  | { readonly kind: 'tell' }
  | { readonly kind: 'count'; readonly id: number };

let told = 0;

parentPort?.on('message', (message: RawEcho) => {
  switch (message.kind) {
    case 'echo':
      parentPort?.postMessage({ id: message.id, payload: message.payload });
      break;
    case 'tell':
      told++;
      break;
    case 'count':
      parentPort?.postMessage({ id: message.id, payload: told });
      break;
    default:
      message satisfies never;
  }
});
parentPort?.postMessage('ready');
