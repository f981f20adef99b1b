/** The definition of a procedure: a transaction that is named, so that it can run where its data is. */
import {
  checkOptions,
  checkSchemas,
  type Definition,
  define,
  type InputsOf,
  mustBeFunction,
  type SchemasOf,
  type StandardSchema,
  type TableKey,
} from '@troupe/core';
import type { Transaction } from '../attempt/transaction.ts';

export interface ProcedureDefinition<A extends readonly unknown[], R> extends Definition<'procedure'> {
  readonly keys: (...args: A) => readonly TableKey[];
  readonly run: (transaction: Transaction, ...args: A) => R | Promise<R>;
  /** Of the arguments, in their order. */
  readonly args?: readonly (StandardSchema | undefined)[] | undefined;
}

export interface ProcedureOptions<A extends readonly unknown[], R> {
  /** The keys it locks before it runs, from its arguments. It runs at the owner of the first. At least one. */
  readonly keys: (...args: A) => readonly TableKey[];
  /** The body. May run more than once, when it loses a conflict. */
  readonly run: (transaction: Transaction, ...args: A) => R | Promise<R>;
}

/** The options of a procedure whose arguments are checked. */
export interface CheckedProcedureOptions<A extends readonly unknown[], R, Schemas>
  extends ProcedureOptions<A, R> {
  /**
   * Checks the arguments on the thread of the caller: schemas in the order of the arguments. What they make of them is
   * what `keys` and `run` get; callers give what the schemas take. Must answer at once.
   */
  readonly args: Schemas;
}

/** Defines a procedure whose arguments are checked by schemas; else as without. */
export function procedure<A extends readonly unknown[], R, const Schemas extends SchemasOf<A>>(
  name: string,
  options: CheckedProcedureOptions<A, R, Schemas>,
): ProcedureDefinition<InputsOf<A, Schemas>, R>;
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
): ProcedureDefinition<A, R>;
export function procedure<A extends readonly unknown[], R>(
  name: string,
  options: ProcedureOptions<A, R> & Pick<ProcedureDefinition<A, R>, 'args'>,
): ProcedureDefinition<A, R> {
  checkOptions(options, 'options', ['keys', 'run', 'args']);
  if (options.args !== undefined) checkSchemas(options.args, 'args');
  mustBeFunction(options.keys, 'keys');
  mustBeFunction(options.run, 'run');
  return define('procedure', name, { keys: options.keys, run: options.run, args: options.args });
}
