import { GridClosedError, type Peer, PendingCalls } from '@troupe/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rejection } from '../fixtures/start-echo.ts';

const peer: Peer = { id: 1, incarnation: 1, memory: new SharedArrayBuffer(8), link: undefined, lost: false };
const otherPeer: Peer = { ...peer, id: 2 };

let cancelled: [Peer, number][];
let calls: PendingCalls;

beforeEach(() => {
  vi.useFakeTimers();
  cancelled = [];
  calls = new PendingCalls((to, requestId) => cancelled.push([to, requestId]));
});
afterEach(() => {
  calls.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('a pending call', () => {
  test('ends with its answer, once', async () => {
    const call = calls.start(peer, undefined);
    calls.resolve(1, 'answer');
    calls.resolve(1, 'again');
    calls.reject(1, new Error('late'));
    expect(await call).toBe('answer');
    expect(calls.size).toBe(0);
  });

  test('is registered before it is sent, so it may be answered within', async () => {
    const call = calls.start(peer, undefined);
    expect(calls.lastId).toBe(1);
    calls.resolve(calls.lastId, 'at once');
    expect(await call).toBe('at once');
  });

  test('of no time-out ends soon after 30 s and is cancelled at its owner', async () => {
    const early = rejection(calls.start(peer, undefined));
    vi.advanceTimersByTime(29_999);
    expect(calls.size).toBe(1);
    vi.advanceTimersByTime(300);
    expect(await early).toMatchObject({
      code: 'TIMEOUT',
      details: { timeoutMs: 30_000, outcome: 'unknown' },
    });
    expect(cancelled).toEqual([[peer, 1]]);
  });

  test('of a time-out ends on time, also among others of none', async () => {
    const quick = rejection(calls.start(peer, { timeoutMs: 10 }));
    calls.start(peer, undefined).catch(() => undefined);
    vi.advanceTimersByTime(10);
    expect(await quick).toMatchObject({ code: 'TIMEOUT', details: { timeoutMs: 10 } });
    expect(calls.size).toBe(1);
  });

  test.each([Number.POSITIVE_INFINITY, 2 ** 40])('of a time-out of %d ms waits', (timeoutMs) => {
    calls.start(peer, { timeoutMs }).catch(() => undefined);
    vi.advanceTimersByTime(86_400_000);
    expect(calls.size).toBe(1);
  });

  test('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const call = rejection(calls.start(peer, { signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect(await call).toMatchObject({ message: 'enough' });
    expect(cancelled).toEqual([[peer, 1]]);
    expect(() => calls.start(peer, { signal: controller.signal })).toThrow('enough');
    expect(calls.size).toBe(0);
  });

  test('ends when its peer is lost, and only then', async () => {
    const lost = rejection(calls.start(peer, undefined));
    const kept = calls.start(otherPeer, undefined);
    const error = new Error('lost');
    calls.rejectAllTo(peer, () => error);
    expect(await lost).toBe(error);
    calls.resolve(2, 'kept');
    expect(await kept).toBe('kept');
  });

  test('tells an error nobody answered with from an answer that is an error', async () => {
    const fate = [
      rejection(calls.start(peer, { timeoutMs: 10 })),
      rejection(calls.start(otherPeer, undefined)),
    ];
    calls.rejectAllTo(otherPeer, () => new Error('lost'));
    vi.advanceTimersByTime(10);
    const [late, lost] = await Promise.all(fate);
    expect([late, lost, new Error('other'), 'text'].map((error) => calls.wasUnanswered(error))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    // On one thread the answer to one call may be the very error of another.
    const answered = rejection(calls.start(peer, undefined));
    calls.reject(calls.lastId, late);
    expect([await answered, calls.wasUnanswered(late)]).toEqual([late, false]);
  });

  test('ends when the grid closes', async () => {
    const call = rejection(calls.start(peer, { timeoutMs: 5 }));
    calls.close();
    expect(await call).toBeInstanceOf(GridClosedError);
  });
});

test('pending calls are idle when none waits', async () => {
  await calls.idle();
  const call = calls.start(peer, undefined);
  let idle = false;
  const waiting = calls.idle().then(() => {
    idle = true;
  });
  await Promise.resolve();
  expect(idle).toBe(false);
  calls.resolve(1, 0);
  await Promise.all([call, waiting]);
});
