/** A frame transport over a MessagePort: the link between two threads. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { FrameTransport } from './link.ts';

/** Connects `port`; every frame that arrives goes to `receive`. The port keeps the thread alive until closed. */
export function portTransport(port: MessagePort, receive: (frame: Uint8Array) => void): FrameTransport {
  port.on('message', receive);
  return {
    post(frame) {
      port.postMessage(frame, [frame.buffer as ArrayBuffer]);
    },
    drain() {
      for (;;) {
        const received = receiveMessageOnPort(port);
        if (received === undefined) return;
        receive(received.message as Uint8Array);
      }
    },
    close() {
      port.off('message', receive);
      port.close();
    },
  };
}
