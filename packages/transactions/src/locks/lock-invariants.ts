/**
 * What must be true of a partition's locks after each call. Read from the books alone, without trusting any
 * sum that the lock manager keeps: those are computed again and compared.
 */
import { InvariantError, isInRange, rangeToText } from '@troupe/core';
import type { LockLedger } from './lock-ledger.ts';
import { compatible, covers, LockMode, type LockModeOrNone, lockModeName, maskOf } from './lock-mode.ts';
import type { LockStrategy } from './lock-strategy.ts';
import type {
  AnyRequest,
  LockOwner,
  LockQueue,
  LockRequest,
  RangeRequest,
  TableLocks,
  TableRequest,
} from './lock-table.ts';
import { holdersOf, requestsOf } from './lock-view.ts';

/** Throws InvariantError at the first thing that is wrong. */
export function checkLocks(ledger: LockLedger, strategy: LockStrategy): void {
  const requests = new Set<AnyRequest>();
  for (const locks of ledger.tables.values()) {
    for (const queue of [locks.queue, ...locks.keys.values()]) {
      checkHolders(queue);
      checkMasks(queue);
      checkLine(queue, strategy);
      for (const request of requestsOf(queue)) requests.add(request);
    }
    for (const queue of locks.keys.values()) must(!queue.unused, queue, 'is kept though nobody uses it');
    for (const request of locks.ranges) {
      checkRange(request, strategy);
      requests.add(request);
    }
  }
  checkOwners(requests, ledger);
}

function checkHolders(queue: LockQueue): void {
  const holders = holdersOf(queue);
  must(new Set(holders).size === holders.length, queue, 'lists a holder twice');
  for (const [index, a] of holders.entries()) {
    must(a.held !== 0, queue, `lists ${a.owner.id} as a holder of nothing`);
    must(a.queue === queue, queue, `lists a holder of another resource`);
    for (const b of holders.slice(index + 1)) {
      const message = `is held by ${a.owner.id} (${lockModeName(a.held)}) and ${b.owner.id} (${lockModeName(b.held)})`;
      must(a.owner !== b.owner && !conflict(a.held, b.held), queue, message);
    }
  }
}

function checkMasks(queue: LockQueue): void {
  const held = holdersOf(queue).reduce((mask, holder) => mask | maskOf(holder.held), 0);
  must(queue.heldMask === held, queue, `has the wrong mask of held modes`);
  const modes = Object.values(LockMode);
  for (const mode of modes) {
    const really = queue.waiters.some((waiter) => conflict(waiter.wanted, mode));
    const byMask = modes.some((other) => (queue.waitMask & maskOf(other)) !== 0 && conflict(other, mode));
    must(really === byMask, queue, 'has the wrong mask of modes that are waited for');
  }
}

function checkLine(queue: LockQueue, strategy: LockStrategy): void {
  for (const [index, waiter] of queue.waiters.entries()) {
    const { owner, wanted } = waiter;
    must(wanted !== 0, queue, `has ${owner.id} in line for nothing`);
    const ahead = queue.waiters.slice(0, index);
    for (const other of ahead) {
      must(
        strategy.decide(owner, other.owner) === 'wait',
        queue,
        `has ${other.owner.id} ahead of ${owner.id}`,
      );
    }
    const holders = holdersOf(queue).filter((holder) => holder !== waiter && conflict(holder.held, wanted));
    for (const { owner: holder } of holders) {
      const mayWait = holder.committing || strategy.decide(owner, holder) === 'wait';
      must(mayWait, queue, `makes ${owner.id} wait for the holder ${holder.id}`);
    }
    const blocked = holders.length > 0 || ahead.some((other) => conflict(other.wanted, wanted));
    must(blocked || isBehindRange(waiter, strategy), queue, `makes ${owner.id} wait for nothing`);
  }
}

/** Whether a range keeps a waiter on a key waiting; throws when one does that mustn't. */
function isBehindRange({ owner, queue, wanted }: LockRequest, strategy: LockStrategy): boolean {
  const { key, locks } = queue;
  if (key === undefined || wanted !== LockMode.X) return false;
  const met = locks.ranges.filter((other) => other.owner !== owner && isInRange(other.range, key));
  for (const { held, owner: holder } of met) {
    const mayWait = held === 0 || holder.committing || strategy.decide(owner, holder) === 'wait';
    must(mayWait, queue, `makes ${owner.id} wait for the range of ${holder.id}`);
  }
  return met.some(({ held, owner: other }) => held !== 0 || strategy.decide(owner, other) === 'wait');
}

function checkRange({ owner, locks, range, held, wanted }: RangeRequest, strategy: LockStrategy): void {
  const fault = (what: string): InvariantError =>
    new InvariantError(`range ${rangeToText(range)} of table ${locks.table} ${what}`);
  if ((held === 0) === (wanted === 0)) throw fault(`is held and wanted, or neither, by ${owner.id}`);
  const writers = writersIn(locks, range).filter((other) => other.owner !== owner);
  for (const { owner: writer } of writers.filter((other) => other.held === LockMode.X)) {
    if (held !== 0) throw fault(`is held by ${owner.id} though ${writer.id} writes in it`);
    const mayWait = writer.committing || strategy.decide(owner, writer) === 'wait';
    if (!mayWait) throw fault(`makes ${owner.id} wait for the holder ${writer.id}`);
  }
  const isBlocked = writers.some(
    (other) => other.held === LockMode.X || strategy.decide(owner, other.owner) === 'wait',
  );
  if (wanted !== 0 && !isBlocked) throw fault(`makes ${owner.id} wait for nothing`);
}

function writersIn(locks: TableLocks, range: RangeRequest['range']): LockRequest[] {
  const queues = [...locks.keys.values()].filter(({ key }) => key !== undefined && isInRange(range, key));
  const requests = queues.flatMap((queue) => [...requestsOf(queue)]);
  return requests.filter(({ held, wanted }) => held === LockMode.X || wanted === LockMode.X);
}

function checkOwners(requests: ReadonlySet<AnyRequest>, ledger: LockLedger): void {
  const owners = new Set([...requests].map((request) => request.owner));
  let listed = 0;
  let waits = 0;
  for (const owner of owners) {
    if (owner.ended) throw new InvariantError(`owner ${owner.id} has ended and still has locks`);
    const mine = requestsByOwner(owner);
    const waiting = mine.filter((request) => request.wanted !== 0).length + pendingKeys(owner);
    if (owner.waits !== waiting)
      throw new InvariantError(`owner ${owner.id} counts ${owner.waits} waits, not ${waiting}`);
    for (const request of mine) {
      if (!requests.has(request)) throw new InvariantError(`${owner.id} lists a request nobody knows`);
    }
    listed += mine.length;
    waits += waiting;
  }
  const counted = [requests.size, ledger.requests, ledger.waits];
  if (counted.join() !== [listed, listed, waits].join()) {
    throw new InvariantError(
      `the lock manager counts ${counted.join()}, the owners ${listed} requests, ${waits} waits`,
    );
  }
}

/** The owner's own list; a key or range may be in it only under an intent that allows its mode. */
function requestsByOwner(owner: LockOwner): AnyRequest[] {
  const all: AnyRequest[] = [];
  for (let table = owner.tables; table !== undefined; table = table.nextTable) {
    all.push(table);
    const idlePending = table.wanted === 0 && table.pending.length > 0;
    must(!idlePending, table.queue, `is held by ${owner.id}, which didn't go on to its keys`);
    for (let key = table.keys; key !== undefined; key = key.nextKey) {
      const needed = key.wanted === LockMode.X || key.held === LockMode.X ? LockMode.IX : LockMode.IS;
      must(covers(table.held, needed), key.queue, `has ${owner.id} without its intent`);
      all.push(key);
    }
    all.push(...rangesOf(table));
  }
  return all;
}

function rangesOf(table: TableRequest): RangeRequest[] {
  const ranges: RangeRequest[] = [];
  for (let range = table.ranges; range !== undefined; range = range.nextRange) {
    must(covers(table.held, LockMode.IS), table.queue, `lets ${range.owner.id} lock a range without intent`);
    ranges.push(range);
  }
  return ranges;
}

function pendingKeys(owner: LockOwner): number {
  let count = 0;
  for (let table = owner.tables; table !== undefined; table = table.nextTable) count += table.pending.length;
  return count;
}

function conflict(a: LockModeOrNone, b: LockModeOrNone): boolean {
  return a !== 0 && b !== 0 && !compatible(a, b);
}

function must(condition: boolean, queue: LockQueue, what: string): asserts condition {
  if (condition) return;
  const name =
    queue.key === undefined
      ? `table ${queue.locks.table}`
      : `key ${String(queue.key)} of table ${queue.locks.table}`;
  throw new InvariantError(`${name} ${what}`);
}
