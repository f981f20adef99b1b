/**
 * What the operations on one key mean: from the current value and the arguments to the answer and what to write. The
 * owner applies them to its store, a transaction to the values it has read and buffered, so both mean the same.
 *
 * Arguments by operation: `set`, `insert`, `replace` and `getAndSet` [value]; `compareAndSet` [expected, value], where
 * undefined stands for "absent"; `increment` [by, initial], each may be undefined; the others none. Answers: a value or
 * undefined (get, take, getAndSet), a boolean (has, delete, insert, replace, compareAndSet), the new number
 * (increment), undefined (set). Pure, and it allocates nothing: what to write is put into a slot that callers reuse.
 */
import { neverReached } from '../assert.ts';
import { valuesEqual } from '../codec/equality.ts';
import { describeValue } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { keyToText, type StorageKey } from '../key/key.ts';
import { type OneKeyOp, TableOp } from './messages.ts';

/** Where `applyOperation` puts what it wants written. Reused from one operation to the next. */
export class WriteSlot {
  /** False: leave the entry as it is. */
  changed = false;
  /** The new value, undefined to remove the entry. Counts only when `changed`. */
  value: unknown;
}

/** May this operation write? */
export function isWrite(op: OneKeyOp): boolean {
  return op !== TableOp.get && op !== TableOp.has;
}

/** The lock an operation needs on its key. */
export function lockFor(op: OneKeyOp): 'read' | 'write' {
  return op === TableOp.get || op === TableOp.has ? 'read' : 'write';
}

/**
 * Applies one operation. Its arguments begin at `args[first]`, so a message can be used as it is. Throws
 * InvalidArgumentError when the current value doesn't suit (increment); then nothing is to be written.
 */
export function applyOperation(
  op: OneKeyOp,
  key: StorageKey,
  current: unknown,
  args: readonly unknown[],
  first: number,
  write: WriteSlot,
): unknown {
  write.changed = false;
  const isPresent = current !== undefined;
  switch (op) {
    case TableOp.get:
      return current;
    case TableOp.has:
      return isPresent;
    case TableOp.set:
      put(write, args[first]);
      return undefined;
    case TableOp.getAndSet:
      put(write, args[first]);
      return current;
    case TableOp.delete:
      if (isPresent) put(write, undefined);
      return isPresent;
    case TableOp.take:
      if (isPresent) put(write, undefined);
      return current;
    case TableOp.insert:
      if (!isPresent) put(write, args[first]);
      return !isPresent;
    case TableOp.replace:
      if (isPresent) put(write, args[first]);
      return isPresent;
    case TableOp.compareAndSet:
      return compareAndSet(current, args[first], args[first + 1], write);
    case TableOp.increment: {
      const sum = incremented(key, current, args[first], args[first + 1]);
      put(write, sum);
      return sum;
    }
    default:
      return neverReached(op, 'an operation of a table');
  }
}

function put(write: WriteSlot, value: unknown): void {
  write.changed = true;
  write.value = value;
}

function compareAndSet(current: unknown, expected: unknown, value: unknown, write: WriteSlot): boolean {
  if (!valuesEqual(current, expected)) return false;
  if (current !== undefined || value !== undefined) put(write, value);
  return true;
}

/** A step that isn't given is 1 of the kind that is there; a start that isn't given is 0 of the kind of the step. */
function incremented(key: StorageKey, current: unknown, by: unknown, initial: unknown): number | bigint {
  const start = initial ?? (typeof by === 'bigint' ? 0n : 0);
  // Not `??`: null is a value, and nothing to count on from.
  const base = current === undefined ? start : current;
  if (typeof base === 'number') {
    const step = by ?? 1;
    if (typeof step === 'number') return base + step;
  } else if (typeof base === 'bigint') {
    const step = by ?? 1n;
    if (typeof step === 'bigint') return base + step;
  }
  throw notCountable(key, base, by);
}

function notCountable(key: StorageKey, base: unknown, by: unknown): InvalidArgumentError {
  const where = `the entry ${keyToText(key)}`;
  const isCountable = typeof base === 'number' || typeof base === 'bigint';
  const message = isCountable
    ? `increment: ${where} is a ${typeof base}, but \`by\` is ${describeValue(by)}; both must be numbers or both bigints`
    : `increment: ${where} must be a number or a bigint, got ${describeValue(base)}`;
  return new InvalidArgumentError(message, { details: { key: keyToText(key), found: typeof base } });
}
