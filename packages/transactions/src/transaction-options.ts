/** Checks of the options that transactions are begun with. */
import {
  callOptionNamesWith,
  checkCallOptions,
  InvalidArgumentError,
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
  'label',
  'priority',
  'independent',
);
const beginOptionNames = callOptionNamesWith('readOnly', 'label', 'priority');
const runOptionNames = callOptionNamesWith('priority');

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
  if (options.readOnly === true && keys !== undefined) {
    throw new InvalidArgumentError('keys must be left out of a read-only transaction: it takes no locks', {
      details: { argument: 'keys' },
    });
  }
}

/** The same for `begin()`. */
export function checkBeginOptions(options: BeginOptions): void {
  checkCallOptions(options, beginOptionNames);
  checkFlags(options);
}

/** The same for `runWith()`. */
export function checkRunOptions(options: RunOptions): void {
  checkCallOptions(options, runOptionNames);
  checkPriority(options);
}

const flags = ['readOnly', 'independent'] as const;

function checkFlags(options: TransactionOptions): void {
  if (options.label !== undefined) mustBeName(options.label, 'label');
  checkPriority(options);
  for (const name of flags) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean') {
      throw new InvalidArgumentError(`${name} must be true or false`, { details: { argument: name } });
    }
  }
}

function checkPriority({ priority }: RunOptions): void {
  if (priority !== undefined) mustBeInteger(priority, 'priority', -priorityMax, priorityMax);
}
