/** Checks of the options that every call takes. */
import { checkOptions, mustBeAbortSignal, mustBePositive } from '../errors/argument.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';

const callOptionNames: readonly string[] = ['timeoutMs', 'signal'];

/** Checks the options of a call; `more` are the names that this call knows besides. */
export function checkCallOptions(options: CallOptions | undefined, more: readonly string[] = []): void {
  if (options === undefined) return;
  checkOptions(options, 'options', more.length === 0 ? callOptionNames : [...callOptionNames, ...more]);
  if (options.timeoutMs !== undefined) mustBePositive(options.timeoutMs, 'timeoutMs');
  if (options.signal !== undefined) mustBeAbortSignal(options.signal, 'signal');
}
