/** Checks of the options that every call takes. */
import { checkOptions, mustBeAbortSignal, mustBePositive } from '../errors/argument.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';

const callOptionNames: readonly string[] = ['timeoutMs', 'signal'];

/** The names a call knows: those of every call and `more`. Made once per kind of call. */
export function callOptionNamesWith(...more: readonly string[]): readonly string[] {
  return [...callOptionNames, ...more];
}

/** Checks the options of a call; `names` are those it knows, made by `callOptionNamesWith`. */
export function checkCallOptions(options: CallOptions | undefined, names = callOptionNames): void {
  if (options === undefined) return;
  checkOptions(options, 'options', names);
  if (options.timeoutMs !== undefined) mustBePositive(options.timeoutMs, 'timeoutMs');
  if (options.signal !== undefined) mustBeAbortSignal(options.signal, 'signal');
}
