/** The definition of a procedure: a transaction that is named, so that it can run where its data is. */
import { checkOptions, type Definition, define, mustBeFunction, type TableKey } from '@troupe/core';
import type { Transaction } from '../attempt/transaction.ts';

export interface ProcedureDefinition<A extends readonly unknown[], R> extends Definition<'procedure'> {
  readonly keys: (...args: A) => readonly TableKey[];
  readonly run: (transaction: Transaction, ...args: A) => R | Promise<R>;
}

export interface ProcedureOptions<A extends readonly unknown[], R> {
  /** The keys it locks before it runs, from its arguments. It runs at the owner of the first. At least one. */
  readonly keys: (...args: A) => readonly TableKey[];
  /** The body. May run more than once, when it loses a conflict. */
  readonly run: (transaction: Transaction, ...args: A) => R | Promise<R>;
}

/**
 * Defines a procedure.
 *
 * @example
 * export const transfer = procedure('transfer', {
 *   keys: (from: string, to: string, amount: number) => [accounts.key(from), accounts.key(to)],
 *   async run(tx, from, to, amount) { … },
 * });
 */
export function procedure<A extends readonly unknown[], R>(
  name: string,
  options: ProcedureOptions<A, R>,
): ProcedureDefinition<A, R> {
  checkOptions(options, 'options', ['keys', 'run']);
  mustBeFunction(options.keys, 'keys');
  mustBeFunction(options.run, 'run');
  return define('procedure', name, { keys: options.keys, run: options.run });
}
