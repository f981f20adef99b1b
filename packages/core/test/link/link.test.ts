import { MessageChannel } from 'node:worker_threads';
import {
  Flusher,
  type Frame,
  type FrameTransport,
  frameBytesEager,
  frameMessagesEager,
  Link,
  type Message,
  memoryTransports,
  OverloadedError,
} from '@troupe/core';
import { afterEach, describe, expect, test } from 'vitest';
import { portTransport } from '../../dist/link/port-link.js';

const small = { windowBytes: 100, backlogBytesMax: 400, frameBytesMax: 50, messageOverheadBytes: 10 };

type Connect = (atA: (frame: Frame) => void, atB: (frame: Frame) => void) => [FrameTransport, FrameTransport];

function overPorts(...receivers: Parameters<Connect>): [FrameTransport, FrameTransport] {
  const { port1, port2 } = new MessageChannel();
  return [portTransport(port1, receivers[0]), portTransport(port2, receivers[1])];
}

interface Ends {
  readonly a: Link;
  readonly b: Link;
  readonly flusher: Flusher;
  readonly atA: Message[];
  readonly atB: Message[];
  readonly frames: number[];
}

const links: Link[] = [];

afterEach(() => {
  for (const link of links.splice(0)) link.close();
});

function connect(connectTransports: Connect, limits = small): Ends {
  const flusher = new Flusher();
  const atA: Message[] = [];
  const atB: Message[] = [];
  const frames: number[] = [];
  const a = new Link(flusher, (message) => atA.push(message), limits);
  const b = new Link(flusher, (message) => atB.push(message), limits);
  const [transportA, transportB] = connectTransports(
    (frame) => a.receive(frame),
    (frame) => {
      frames.push(frame instanceof Uint8Array ? frame.length : 0);
      b.receive(frame);
    },
  );
  a.open(transportA);
  b.open(transportB);
  links.push(a, b);
  return { a, b, flusher, atA, atB, frames };
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not happen in 10,000 turns');
}

describe.each<[string, Connect]>([
  ['in memory', memoryTransports],
  ['over ports', overPorts],
])('a link %s', (_, connectTransports) => {
  test('puts what one turn sends into one frame', async () => {
    const { a, atB, frames } = connect(connectTransports);
    for (let i = 0; i < 5; i++) a.sendProtocol([16, i]);
    expect(atB).toEqual([]);
    await until(() => atB.length === 5);
    expect(frames).toHaveLength(1);
    expect(atB).toEqual([0, 1, 2, 3, 4].map((i) => [16, i]));
  });

  test('carries far more than its window, in order, while the other side keeps up', async () => {
    const { a, atB } = connect(connectTransports);
    for (let i = 0; i < 200; i++) {
      a.send([16, i, 'x'.repeat(i)], 10 + i);
      await a.ready();
    }
    await until(() => atB.length === 200);
    expect(atB.map(([, i]) => i)).toEqual(Array.from({ length: 200 }, (_unused, i) => i));
  });

  test('refuses calls when too many wait, but never a protocol message', async () => {
    const { a, atB } = connect(connectTransports);
    const send = (): void => a.send([16, 'bulk'], 90);
    for (let i = 0; i < 4; i++) send();
    expect(send).toThrow(OverloadedError);
    a.sendProtocol([32, 'vote']);
    await until(() => atB.length === 5);
    expect(atB[0]).toEqual([32, 'vote']);
    expect(send).not.toThrow();
  });

  test('carries both ways at once', async () => {
    const { a, b, atA, atB } = connect(connectTransports);
    for (let i = 0; i < 4; i++) {
      a.send([16, i], 50);
      b.send([17, i], 50);
    }
    await until(() => atA.length === 4 && atB.length === 4);
  });

  test('delivers what had arrived when it is drained, and nothing afterwards', async () => {
    const { a, b, flusher, atB } = connect(connectTransports);
    a.sendProtocol([16, 'last words']);
    flusher.flushNow();
    b.drainAndClose();
    expect(atB).toEqual([[16, 'last words']]);
    expect(b.closed).toBe(true);
    a.sendProtocol([16, 'too late']);
    flusher.flushNow();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(atB).toHaveLength(1);
  });

  test('lets those go on who wait for it to get ready when it closes', async () => {
    const { a } = connect(connectTransports, { ...small, windowBytes: 10 });
    for (let i = 0; i < 3; i++) a.send([16, i], 90);
    const ready = a.ready();
    a.close();
    await expect(ready).resolves.toBeUndefined();
  });
});

describe('a link sends within the turn', () => {
  function postsOf(sizes: readonly number[]): number {
    const posted: unknown[] = [];
    const link = new Link(new Flusher(), () => undefined);
    links.push(link);
    const post = (frame: unknown): unknown => posted.push(frame);
    link.open({ post, tryPostPlain: () => false, drain: () => undefined, close: () => undefined });
    for (const bytes of sizes) link.send([16, bytes], bytes);
    return posted.length;
  }

  test('once enough messages wait', () => {
    expect(postsOf(Array(frameMessagesEager - 1).fill(10))).toBe(0);
    expect(postsOf(Array(frameMessagesEager).fill(10))).toBe(1);
    expect(postsOf(Array(frameMessagesEager * 3).fill(10))).toBe(3);
  });

  test('once they are large enough, one or together', () => {
    expect(postsOf([frameBytesEager])).toBe(1);
    expect(postsOf(Array(7).fill(frameBytesEager / 8))).toBe(0);
    expect(postsOf(Array(8).fill(frameBytesEager / 8))).toBe(1);
    expect(postsOf(Array(24).fill(frameBytesEager / 8))).toBe(3);
  });
});

test('a port that the other side has closed takes frames and drops them', async () => {
  const { port1, port2 } = new MessageChannel();
  const transport = portTransport(port1, () => undefined);
  const closed = new Promise((resolve) => port1.once('close', resolve));
  port2.close();
  transport.post(new Uint8Array([1]));
  await closed;
  expect(() => transport.post(new Uint8Array([1]))).not.toThrow();
  expect(() => transport.drain()).not.toThrow();
  expect(() => transport.close()).not.toThrow();
});

describe('a flusher', () => {
  test('flushes what a flush has scheduled, and then runs the actions that waited', () => {
    const flusher = new Flusher();
    const order: string[] = [];
    flusher.afterFlush(() => order.push('after'));
    flusher.schedule(() => {
      order.push('first');
      flusher.schedule(() => order.push('second'));
    });
    flusher.flushNow();
    flusher.flushNow();
    expect(order).toEqual(['first', 'second', 'after']);
  });

  test('goes on after a flush that throws', () => {
    const flusher = new Flusher({ nextTurn: (turn) => void turns.push(turn) });
    const turns: (() => void)[] = [];
    const order: string[] = [];
    flusher.schedule(() => {
      throw new Error('not sent');
    });
    expect(() => turns.shift()?.()).toThrow('not sent');
    flusher.schedule(() => order.push('later'));
    turns.shift()?.();
    expect(order).toEqual(['later']);
  });

  test('flushes what an action sends that waited for the end of the turn', async () => {
    const flusher = new Flusher();
    const order: string[] = [];
    // The first flush of the turn, in a microtask; the second waits for the turn's end.
    flusher.schedule(() => order.push('first'));
    await Promise.resolve();
    flusher.afterFlush(() => flusher.schedule(() => order.push('sent by the action')));
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    await turn();
    await turn();
    expect(order).toEqual(['first', 'sent by the action']);
  });

  test('flushes once per turn by itself', async () => {
    const flusher = new Flusher();
    const order: string[] = [];
    flusher.schedule(() => order.push('flush'));
    order.push('same turn');
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['same turn', 'flush']);
  });
});
