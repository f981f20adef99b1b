/** Comlink's adapter for Node's ports comes without types for its ES module. */
declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { MessagePort, Worker } from 'node:worker_threads';
  import type { Endpoint } from 'comlink';

  const nodeEndpoint: (port: MessagePort | Worker) => Endpoint;

  // biome-ignore lint/style/noDefaultExport: it describes the module as it is.
  export { nodeEndpoint as default };
}
