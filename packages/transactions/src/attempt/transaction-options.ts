/** Checks of the options that transactions are begun with. */
import {
  callOptionNamesWith,
  checkCallOptions,
  InvalidArgumentError,
  idempotencyKeyLengthMax,
  mustBe,
  mustBeFunction,
  mustBeInteger,
  mustBeName,
  priorityMax,
} from '@troupe/core';
import type { BeginOptions, RunOptions, TransactionOptions } from './transaction.ts';

const transactionOptionNames = callOptionNamesWith(
  'keys',
  'retries',
  'readOnly',
  'asOf',
  'label',
  'priority',
  'idempotencyKey',
  'durability',
  'independent',
);
const beginOptionNames = callOptionNamesWith('readOnly', 'asOf', 'label', 'priority', 'durability');
const runOptionNames = callOptionNamesWith('idempotencyKey', 'priority', 'durability');

/** Throws InvalidArgumentError for the first option of `transaction()` that is wrong, and for a body that is none. */
export function checkTransactionCall(body: unknown, options: TransactionOptions): void {
  mustBeFunction(body, 'the body of a transaction');
  checkCallOptions(options, transactionOptionNames);
  checkFlags(options);
  const { keys, retries } = options;
  if (retries !== undefined && retries !== Number.POSITIVE_INFINITY) {
    mustBeInteger(retries, 'retries', 0, Number.MAX_SAFE_INTEGER);
  }
  if (keys !== undefined && keys !== 'all' && !Array.isArray(keys)) {
    throw new InvalidArgumentError(
      "keys must be an array of table keys like accounts.key('alice'), or 'all'",
      {
        details: { argument: 'keys' },
      },
    );
  }
  checkIdempotencyKey(options.idempotencyKey);
  if (options.readOnly === true && options.idempotencyKey !== undefined) {
    throw new InvalidArgumentError(
      'idempotencyKey must be left out of a read-only transaction: it may be repeated without one',
      { details: { argument: 'idempotencyKey' } },
    );
  }
  if (options.readOnly === true && keys !== undefined) {
    throw new InvalidArgumentError('keys must be left out of a read-only transaction: it takes no locks', {
      details: { argument: 'keys' },
    });
  }
}

/** The same for a transaction that joins another: the moment that is read, and whether it is done, are the outer one's. */
export function checkNestedCall(body: unknown, options: TransactionOptions): void {
  checkTransactionCall(body, options);
  if (options.idempotencyKey !== undefined) {
    throw new InvalidArgumentError(
      'idempotencyKey must be left out of a call that joins a transaction, because that one decides whether it is done: give the key to the outermost transaction, or begin a separate one with `independent: true`',
      { details: { argument: 'idempotencyKey' } },
    );
  }
  if (options.asOf === undefined) return;
  throw new InvalidArgumentError(
    'asOf must be left out of a transaction inside another one, which it joins; to read the past there begin a separate one: grid.transaction(body, { readOnly: true, asOf, independent: true })',
    { details: { argument: 'asOf' } },
  );
}

/** The same for `runWith()`. */
export function checkRunOptions(options: RunOptions): void {
  checkCallOptions(options, runOptionNames);
  checkCommit(options);
  checkIdempotencyKey(options.idempotencyKey);
}

function checkIdempotencyKey(key: unknown): void {
  if (key === undefined) return;
  const isKey = typeof key === 'string' && key.length > 0 && key.length <= idempotencyKeyLengthMax;
  const expected = `a string of 1 to ${idempotencyKeyLengthMax} characters`;
  mustBe(isKey, 'idempotencyKey', expected, key);
}

/** The same for `begin()`. */
export function checkBeginOptions(options: BeginOptions): void {
  checkCallOptions(options, beginOptionNames);
  checkFlags(options);
}

const flags = ['readOnly', 'independent'] as const;

function checkFlags(options: TransactionOptions): void {
  if (options.label !== undefined) mustBeName(options.label, 'label');
  checkCommit(options);
  for (const name of flags) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean') {
      throw new InvalidArgumentError(`${name} must be true or false`, { details: { argument: name } });
    }
  }
  checkAsOf(options);
}

function checkCommit({ priority, durability }: RunOptions): void {
  if (priority !== undefined) mustBeInteger(priority, 'priority', -priorityMax, priorityMax);
  if (durability !== undefined) {
    const isKnown = durability === 'flushed' || durability === 'buffered';
    mustBe(isKnown, 'durability', "'flushed' or 'buffered'", durability);
  }
}

function checkAsOf({ asOf, readOnly }: BeginOptions): void {
  if (asOf === undefined) return;
  const isTimestamp = Number.isSafeInteger(asOf) && asOf > 0;
  mustBe(isTimestamp, 'asOf', 'a timestamp like the `readTimestamp` of a read-only transaction', asOf);
  if (readOnly === true) return;
  throw new InvalidArgumentError(
    'asOf must be left out unless `readOnly` is true: the past can only be read',
    {
      details: { argument: 'asOf' },
    },
  );
}
