/** The body of a locking transaction: what it is given, and the ways in which it may end. */
import { InvalidArgumentError } from '@troupe/core';
import type { LockingTransaction } from './open-transaction.ts';

export type LockingBody<T> = (transaction: LockingTransaction) => T | Promise<T>;

/** A body returned. */
export class BodyValue<T> {
  readonly threw = false;
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }
}

/** How a body ended. */
export type BodyEnd<T> = BodyValue<T> | { readonly threw: true; readonly error: unknown };

/** It goes on after it has returned. */
export function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Why a transaction with operations under way can't be committed. `end`: what has happened too early. */
export function notAwaited(end: string, operations: number): InvalidArgumentError {
  return new InvalidArgumentError(
    `${end} while ${operations} of its operations had not ended; await each of them`,
  );
}
