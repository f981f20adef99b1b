import { InvariantError, type Message, Outbox, type OutboxLimits } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const limits: OutboxLimits = {
  windowBytes: 100,
  backlogBytesMax: 300,
  frameBytesMax: 50,
  messageOverheadBytes: 10,
};

const repliesOp = 5;

function outboxWith(...sizes: number[]): Outbox {
  const outbox = new Outbox(limits, repliesOp);
  for (const [position, bytes] of sizes.entries()) expect(outbox.push([position], bytes)).toBe(true);
  return outbox;
}

describe('an outbox', () => {
  test('that is empty gives no frame', () => {
    expect(new Outbox(limits, repliesOp).takeFrame()).toBeUndefined();
  });

  test('puts protocol messages first and takes no credit for them', () => {
    const outbox = outboxWith(5);
    outbox.pushProtocol(['vote']);
    expect(outbox.takeFrame()).toEqual({ messages: [['vote'], [0]], cost: 15 });
  });

  test('puts the answers of a frame into one message', () => {
    const outbox = outboxWith();
    outbox.pushProtocol(['vote']);
    outbox.pushReply(1, 'one', 3);
    outbox.pushProtocol(['decide']);
    outbox.pushReply(2, 'two', 3);
    expect(outbox.takeFrame()?.messages).toEqual([['vote'], [repliesOp, [1, 2], ['one', 'two']], ['decide']]);
    outbox.pushReply(3, 'three', 3);
    expect(outbox.takeFrame()?.messages).toEqual([[repliesOp, [3], ['three']]]);
    expect(outbox.takeFrame()).toBeUndefined();
  });

  test('cuts answers and protocol messages into frames once they are large', () => {
    const outbox = outboxWith();
    for (const id of [1, 2, 3]) outbox.pushReply(id, id, limits.frameBytesMax - 10);
    outbox.pushProtocol(['vote'], limits.frameBytesMax);
    outbox.pushProtocol(['last']);
    const frames = [1, 2, 3, 4].map(() => outbox.takeFrame()?.messages);
    expect(frames).toEqual([
      [[repliesOp, [1, 2], [1, 2]]],
      [[repliesOp, [3], [3]], ['vote']],
      [['last']],
      undefined,
    ]);
  });

  test('closes a frame once it is large enough', () => {
    const outbox = outboxWith(30, 30, 30);
    expect(outbox.takeFrame()).toEqual({ messages: [[0], [1]], cost: 80 });
    expect(outbox.takeFrame()).toEqual({ messages: [[2]], cost: 40 });
  });

  test('sends bulk only while credit is left, and protocol messages always', () => {
    const outbox = outboxWith(90, 5);
    expect(outbox.takeFrame()?.cost).toBe(100);
    expect(outbox.sendable).toBe(false);
    expect(outbox.takeFrame()).toBeUndefined();
    outbox.pushProtocol(['decide']);
    expect(outbox.takeFrame()).toEqual({ messages: [['decide']], cost: 0 });
    outbox.grant(100);
    expect(outbox.takeFrame()).toEqual({ messages: [[1]], cost: 15 });
  });

  test('sends a message larger than the window, then waits until all of it is granted', () => {
    const outbox = outboxWith(1_000);
    expect(outbox.takeFrame()?.cost).toBe(1_010);
    outbox.push([1], 1);
    outbox.grant(910);
    expect(outbox.sendable).toBe(false);
    outbox.grant(100);
    expect(outbox.takeFrame()?.messages).toEqual([[1]]);
  });

  test('refuses a message when the backlog is full, and keeps nothing of it', () => {
    const outbox = outboxWith(290);
    expect(outbox.push(['refused'], 1)).toBe(false);
    expect(outbox.backlogBytes).toBe(300);
    expect(outbox.takeFrame()?.messages).toEqual([[0]]);
    expect(outbox.backlogBytes).toBe(0);
  });

  test('finds out a receiver that grants more than it was sent', () => {
    expect(() => outboxWith(1).grant(1)).toThrow(InvariantError);
  });

  test('loses, repeats and reorders nothing, and never lets more than the window be under way', () => {
    const sizes = fc.array(fc.nat({ max: 200 }), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, (bytes) => {
        const outbox = new Outbox({ ...limits, backlogBytesMax: Number.POSITIVE_INFINITY }, repliesOp);
        for (const [position, size] of bytes.entries()) outbox.push([position], size);
        const sent: Message[] = [];
        const underWay: number[] = [];
        while (sent.length < bytes.length) {
          const frame = outbox.takeFrame();
          if (frame === undefined) outbox.grant(underWay.shift() ?? 0);
          else {
            // A frame may begin only with credit left, so what was under way before it was less than the window.
            expect(underWay.reduce((sum, cost) => sum + cost, 0)).toBeLessThan(limits.windowBytes);
            sent.push(...frame.messages);
            underWay.push(frame.cost);
          }
        }
        expect(sent).toEqual(bytes.map((_, position) => [position]));
        expect(outbox.backlogBytes).toBe(0);
      }),
    );
  });
});
