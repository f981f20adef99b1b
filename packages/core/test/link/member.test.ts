import {
  ErrorRegistry,
  Family,
  type Frame,
  Member,
  type Message,
  type MessageFamily,
  memoryTransports,
  type Peer,
  SharedState,
} from '@troupe/core';
import { afterEach, describe, expect, test } from 'vitest';
import { rejection } from '../fixtures/start-echo.ts';

const op = Family.table * 16;
const members: Member[] = [];

afterEach(() => {
  for (const member of members.splice(0)) member.close();
});

function newMember(id: number, incarnation = 1, shared = SharedState.create(4, 3)): Member {
  const member = new Member(
    { id, incarnation, memory: new SharedArrayBuffer(8) },
    shared,
    new ErrorRegistry(),
  );
  members.push(member);
  return member;
}

function connect(a: Member, b: Member): Peer {
  const later: { receive?: (frame: Frame) => void } = {};
  const [atA, atB] = memoryTransports(
    (frame) => later.receive?.(frame),
    (frame) => toB(frame),
  );
  let toB: (frame: Frame) => void = () => undefined;
  b.connect(a.self, (receive) => {
    toB = receive;
    return atB;
  });
  return a.connect(b.self, (receive) => {
    later.receive = receive;
    return atA;
  });
}

/** Answers `[op, id, value]` with the value; keeps everything else. */
class Recorder implements MessageFamily {
  readonly held: Message[] = [];
  readonly cancels: number[] = [];
  readonly losses: Peer[] = [];
  readonly #member: Member;

  constructor(member: Member) {
    this.#member = member;
    member.register(Family.table, this);
  }

  receive(message: Message, from: Peer): void {
    if (message[0] !== op) this.held.push(message);
    else this.#member.reply(from, message[1] as number, message[2]);
  }
  cancelled(requestId: number): void {
    this.cancels.push(requestId);
  }
  peerLost(peer: Peer): void {
    this.losses.push(peer);
  }
}

function pair(): { a: Member; b: Member; atA: Recorder; atB: Recorder } {
  const a = newMember(0);
  const b = newMember(1);
  connect(a, b);
  return { a, b, atA: new Recorder(a), atB: new Recorder(b) };
}

function turns(count: number): Promise<void> {
  return count === 0
    ? Promise.resolve()
    : new Promise((resolve) => setImmediate(resolve)).then(() => turns(count - 1));
}

describe('a member', () => {
  test('asks another and gets its answer', async () => {
    const { a } = pair();
    expect(await a.request(1, [op, 0, { deep: [1n] }], 10)).toEqual({ deep: [1n] });
    expect(a.pendingCalls).toBe(0);
  });

  test('asks itself in the same turn and gets a copy', async () => {
    const a = newMember(0);
    new Recorder(a);
    const value = { list: [1] };
    const answer = await a.request(0, [op, 0, value], 10);
    expect(answer).toEqual(value);
    expect(answer).not.toBe(value);
  });

  test('gives an error of another back with its class, and one of its own as the same object', async () => {
    const { a, b } = pair();
    const error = new RangeError('out of range');
    b.register(Family.actor, { receive: (message, from) => b.fail(from, message[1] as number, error) });
    a.register(Family.actor, { receive: (message, from) => a.fail(from, message[1] as number, error) });
    const fromOther = await rejection(a.request(1, [Family.actor * 16, 0], 0));
    expect(fromOther).toBeInstanceOf(RangeError);
    expect(fromOther).not.toBe(error);
    expect(await rejection(a.request(0, [Family.actor * 16, 0], 0))).toBe(error);
  });

  test('tells the owner when a caller stops waiting', async () => {
    const { a, atB } = pair();
    const controller = new AbortController();
    const call = rejection(a.request(1, [op + 1, 0], 0, { signal: controller.signal }));
    await turns(3);
    expect(atB.held).toHaveLength(1);
    controller.abort('enough');
    expect(await call).toBe('enough');
    await turns(3);
    expect(atB.cancels).toEqual([atB.held[0]?.[1]]);
  });

  test('takes in what a lost peer had sent, then rejects its calls, then tells nobody twice', async () => {
    const { a, b, atA } = pair();
    const answered = a.request(1, [op, 0, 'answered'], 0);
    const unanswered = rejection(a.request(1, [op + 1, 0], 0));
    a.flusher.flushNow();
    await turns(1);
    b.flusher.flushNow();
    a.lose(1, 1);
    a.lose(1, 1);
    a.lose(1, 7);
    expect(await answered).toBe('answered');
    expect(await unanswered).toMatchObject({ code: 'HOST_LOST', details: { host: 0, incarnation: 1 } });
    expect(atA.losses).toHaveLength(1);
    expect(a.tryPeer(1)).toBeUndefined();
  });

  test('makes calls wait for a successor', async () => {
    const { a } = pair();
    a.lose(1, 1);
    const waiting = a.request(1, [op, 0, 'later'], 0);
    const successor = newMember(1, 2);
    new Recorder(successor);
    connect(a, successor);
    expect(await waiting).toBe('later');
    expect(a.tryPeer(1)?.incarnation).toBe(2);
  });

  test('bounds the wait for a successor by the time and the signal of the call', async () => {
    const { a } = pair();
    a.lose(1, 1);
    const late = rejection(a.request(1, [op, 0], 0, { timeoutMs: 5 }));
    expect(await late).toMatchObject({
      code: 'PARTITION_UNAVAILABLE',
      retryable: true,
      details: { host: 0 },
    });
    const signal = AbortSignal.abort('enough');
    expect(await rejection(a.request(1, [op, 0], 0, { signal }))).toBe('enough');
  });

  test('refuses calls to a member that was given up, until it is connected after all', async () => {
    const { a } = pair();
    a.lose(1, 1);
    const waiting = rejection(a.request(1, [op, 0], 0));
    await turns(1);
    a.giveUp(1, 'no paper');
    for (const error of [await waiting, await rejection(a.request(1, [op, 0], 0))]) {
      expect(error).toMatchObject({
        code: 'PARTITION_UNAVAILABLE',
        details: { host: 0, reason: 'no paper' },
      });
    }
    const successor = newMember(1, 2);
    new Recorder(successor);
    connect(a, successor);
    expect(await a.request(1, [op, 0, 1], 0)).toBe(1);
  });

  test('that closes ends its calls, also those that wait for a successor', async () => {
    const { a } = pair();
    const pending = rejection(a.request(1, [op + 1, 0], 0));
    const waiting = rejection(a.request(2, [op, 0], 0));
    a.close();
    for (const error of [await pending, await waiting, await rejection(a.request(1, [op, 0], 0))]) {
      expect(error).toMatchObject({ code: 'GRID_CLOSED' });
    }
  });

  test('that accepts no more calls takes those of work that is open, and is idle when that has ended', async () => {
    const { a } = pair();
    const end = a.work.begin();
    a.stopAccepting();
    expect(a.closed).toBe(false);
    expect(await a.request(1, [op, 0, 1], 0)).toBe(1);
    let idle = false;
    const waiting = a.idle().then(() => {
      idle = true;
    });
    await turns(2);
    expect(idle).toBe(false);
    end();
    end();
    await waiting;
    expect(a.closed).toBe(true);
    expect(await rejection(a.request(1, [op, 0, 1], 0))).toMatchObject({ code: 'GRID_CLOSED' });
    expect(() => a.work.begin()).toThrow('the grid is closing');
  });
});
