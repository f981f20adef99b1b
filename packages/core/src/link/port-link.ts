/**
 * A frame transport over a MessagePort: the link between two threads. A port closes by itself when the thread at its
 * other end has ended, and asking a closed port for messages crashes the process (Node 20), so each is watched.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { memoryOf } from '../codec/frame.ts';
import type { Frame, FrameTransport } from './link.ts';
import { isPlainFrame } from './plain-frame.ts';

/** A port that can be read, emptied and closed at any time, whatever the other side has done. */
export interface WatchedPort {
  /** Hands over what has arrived but was not delivered. */
  drain(): void;
  close(): void;
  readonly closed: boolean;
}

/** Gives every message of the port to `receive`. The port keeps the thread alive until it is closed. */
export function watchPort<Message>(port: MessagePort, receive: (message: Message) => void): WatchedPort {
  let closed = false;
  port.once('close', () => {
    closed = true;
  });
  port.on('message', receive);
  return {
    get closed() {
      return closed;
    },
    drain() {
      while (!closed) {
        const received = receiveMessageOnPort(port);
        if (received === undefined) return;
        receive(received.message as Message);
      }
    },
    close() {
      closed = true;
      port.off('message', receive);
      port.close();
    },
  };
}

/** Connects `port`; every frame that arrives goes to `receive`. */
export function portTransport(port: MessagePort, receive: (frame: Frame) => void): FrameTransport {
  const watched = watchPort(port, receive);
  return {
    post(frame) {
      if (!watched.closed) port.postMessage(frame, memoryOf(frame));
    },
    tryPostPlain(messages) {
      if (!isPlainFrame(messages)) return false;
      if (!watched.closed) port.postMessage(messages);
      return true;
    },
    drain: () => watched.drain(),
    close: () => watched.close(),
  };
}
