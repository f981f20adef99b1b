/**
 * Who stands in a request's way. Two requests meet at one resource (a table or a key, where their modes decide) or, when
 * one of them is a range of keys and the other is on a key in it, across resources: then only X is in the way.
 *
 * Ranges of a table are few and not indexed: whoever writes a key looks at each of them, whoever locks a range looks at
 * each key that is locked. Where nobody locks ranges this costs one look at an empty list.
 */
import { isInRange, type StorageKey } from '@troupe/core';
import { conflictsWithMask, type KeyLockMode, LockMode, type LockModeOrNone, maskOf } from './lock-mode.ts';
import { compareAge } from './lock-order.ts';
import type { LockStrategy } from './lock-strategy.ts';
import { type AnyRequest, type LockQueue, LockRequest, RangeRequest, type TableLocks } from './lock-table.ts';

/** Whether a passer-by may use a resource in this mode: nobody holds or waits for what conflicts. */
export function isQueueFree(queue: LockQueue, mode: LockMode): boolean {
  return !conflictsWithMask(mode, queue.heldMask | queue.waitMask);
}

/** The same for a key of a table whose intent is free. */
export function isKeyFree(locks: TableLocks, key: StorageKey, mode: KeyLockMode): boolean {
  const queue = locks.keys.get(key);
  if (queue !== undefined && !isQueueFree(queue, mode)) return false;
  const { ranges } = locks;
  return ranges.length === 0 || mode !== LockMode.X || !ranges.some(({ range }) => isInRange(range, key));
}

/** The key, or the table, at which two requests meet. */
export function meetingPlace(request: AnyRequest, other: AnyRequest): LockQueue {
  if (request instanceof LockRequest) return request.queue;
  return other instanceof LockRequest ? other.queue : request.locks.queue;
}

/** Calls `visit` with each request of another owner that holds, or waits for, a range with this key in it. */
export function someRangeOver(request: LockRequest, visit: (range: RangeRequest) => boolean): boolean {
  const { key, locks } = request.queue;
  if (key === undefined) return false;
  return locks.ranges.some(
    (range) => range.owner !== request.owner && isInRange(range.range, key) && visit(range),
  );
}

/** The same with each request of another owner that holds, or waits for, X on a key of the range. */
export function someWriterIn(request: RangeRequest, visit: (writer: LockRequest) => boolean): boolean {
  const { owner, locks, range } = request;
  const matters = (other: LockRequest): boolean => other.owner !== owner && isWriter(other) && visit(other);
  for (const queue of locks.keys.values()) {
    if (queue.key === undefined || !conflictsWithMask(LockMode.S, queue.heldMask | queue.waitMask)) continue;
    if (!isInRange(range, queue.key)) continue;
    for (let holder = queue.holders; holder !== undefined; holder = holder.nextHolder)
      if (matters(holder)) return true;
    // Whoever waits for an upgrade stands in both lists.
    if (queue.waiters.some((waiter) => waiter.held === 0 && matters(waiter))) return true;
  }
  return false;
}

function isWriter({ held, wanted }: LockRequest): boolean {
  return held === LockMode.X || wanted === LockMode.X;
}

/** Whether X on this key meets a range that is locked or waited for. Called where there are ranges in the table. */
export function meetsRange(request: LockRequest, mode: LockMode): boolean {
  return mode === LockMode.X && someRangeOver(request, () => true);
}

/** Takes a range that nobody writes in. */
export function takeRangeAtOnce(request: RangeRequest): boolean {
  if (request.held !== 0) return true;
  if (request.wanted !== 0 || someWriterIn(request, () => true)) return false;
  request.held = LockMode.S;
  return true;
}

/** Whether a waiter on a key must let ranges that are held, or stand before it, go first. */
export function waitsForRange(request: LockRequest, strategy: LockStrategy): boolean {
  if (request.queue.locks.ranges.length === 0 || request.wanted !== LockMode.X) return false;
  return someRangeOver(
    request,
    (range) => range.held !== 0 || strategy.decide(request.owner, range.owner) === 'wait',
  );
}

/** Whether a range must let writers that hold their key, or stand before it, go first. */
export function waitsForWriter(request: RangeRequest, strategy: LockStrategy): boolean {
  return someWriterIn(
    request,
    (writer) => writer.held === LockMode.X || strategy.decide(request.owner, writer.owner) === 'wait',
  );
}

/** Gives the ranges of a table that wait to all whose turn it is. */
export function grantRanges(
  locks: TableLocks,
  strategy: LockStrategy,
  granted: (request: RangeRequest) => void,
): void {
  for (const request of locks.ranges) {
    if (request.wanted === 0 || waitsForWriter(request, strategy)) continue;
    request.held = request.wanted;
    request.wanted = 0;
    granted(request);
  }
}

/** Whether the strategy ends a request that has just queued at `position` (of a range: anywhere). */
export function mustDie(request: AnyRequest, position: number, strategy: LockStrategy): boolean {
  const { owner } = request;
  const isFatal = (other: AnyRequest): boolean => strategy.decide(owner, other.owner) === 'die';
  if (request instanceof RangeRequest) return someWriterIn(request, isFatal);
  const { queue, wanted } = request;
  const conflicts = (mode: LockModeOrNone): boolean => conflictsWithMask(mode, maskOf(wanted));
  for (let holder = queue.holders; holder !== undefined; holder = holder.nextHolder) {
    if (holder !== request && conflicts(holder.held) && isFatal(holder)) return true;
  }
  // Those ahead it may wait for, or it would not stand behind them.
  for (let index = position + 1; index < queue.waiters.length; index += 1) {
    const waiter = queue.waiters[index];
    if (waiter !== undefined && conflicts(waiter.wanted) && isFatal(waiter)) return true;
  }
  return queue.locks.ranges.length > 0 && wanted === LockMode.X && someRangeOver(request, isFatal);
}

/** The holders in the way of a request that it may wound, the oldest first. An owner may be in it more than once. */
export function victimsOf(request: AnyRequest, strategy: LockStrategy): AnyRequest[] {
  const victims: AnyRequest[] = [];
  const collect = (holder: AnyRequest): false => {
    const mayWound = isInTheWay(holder, request) && strategy.decide(request.owner, holder.owner) === 'wound';
    if (mayWound) victims.push(holder);
    return false;
  };
  if (request instanceof RangeRequest) someWriterIn(request, collect);
  else {
    for (let holder = request.queue.holders; holder !== undefined; holder = holder.nextHolder)
      if (holder !== request) collect(holder);
    if (request.queue.locks.ranges.length > 0) someRangeOver(request, collect);
  }
  return victims.sort((a, b) => compareAge(a.owner, b.owner));
}

/** Whether what a holder that meets this request has still conflicts with what it wants. */
export function isInTheWay(holder: AnyRequest, request: AnyRequest): boolean {
  if (holder instanceof LockRequest && request instanceof RangeRequest)
    return request.wanted !== 0 && holder.held === LockMode.X;
  return conflictsWithMask(holder.held, maskOf(request.wanted));
}

/** Whether somebody waits for what this request holds who would stand in front of it. */
export function blocksFront(request: AnyRequest, strategy: LockStrategy): boolean {
  const { owner, held } = request;
  const isAhead = (waiter: AnyRequest): boolean =>
    waiter !== request && isInTheWay(request, waiter) && strategy.decide(owner, waiter.owner) === 'wait';
  if (request instanceof RangeRequest) return held !== 0 && someWriterIn(request, isAhead);
  const { queue } = request;
  if (conflictsWithMask(held, queue.waitMask) && queue.waiters.some(isAhead)) return true;
  return queue.locks.ranges.length > 0 && held === LockMode.X && someRangeOver(request, isAhead);
}
