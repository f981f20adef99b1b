/** Something that runs one-shot transactions: what the transaction scenarios compare. */
import type { Value } from '../programs/program.ts';
import type { ProgramName } from '../programs/programs.ts';

export interface OneShotStore {
  load(entries: Iterable<readonly [string, Value]>): Promise<void>;
  /** Runs a program as a transaction until it has committed; answers its answer. */
  run(program: ProgramName, keys: readonly string[], args: readonly number[]): Promise<number>;
  /** Everything it holds. */
  entries(): AsyncIterable<readonly [string, Value]>;
  /** Further figures of what has run since `load`. */
  figures?(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

/** For stores that answer at once: now and then a call waits for a turn of the event loop, as timers need one. */
export function withTurns<Args extends unknown[], T>(
  run: (...args: Args) => T,
): (...args: Args) => Promise<T> {
  let calls = 0;
  return async (...args) => {
    if (++calls % callsPerTurn === 0) await new Promise(setImmediate);
    return run(...args);
  };
}

const callsPerTurn = 64;
