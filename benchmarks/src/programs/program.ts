/**
 * Transactions in one shot: what is done with the values of some keys, as a function without side effects. Every store
 * that is compared runs the same function inside of its own kind of transaction: with the values in, writes and an
 * answer out. Whoever refuses writes nothing.
 */
export type Value = number | string | readonly Value[] | { readonly [name: string]: Value };

export interface Outcome {
  readonly writes: readonly (readonly [key: string, value: Value])[];
  /** What it changed in the quantity that is checked in the end. */
  readonly answer: number;
}

/** `values` are those of `keys`, in that order. */
export type Program = (
  values: readonly (Value | undefined)[],
  keys: readonly string[],
  args: readonly number[],
) => Outcome;

const nothing: Outcome = { writes: [], answer: 0 };

export function refused(): Outcome {
  return nothing;
}

export function mustBeNumber(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  throw new Error(`a number was expected instead of ${JSON.stringify(value)}`);
}
