/**
 * Checks that stay on in production. They guard state transitions: a failed one means Troupe itself is wrong, so the
 * partition that meets it stops and nothing retries it. For what users pass in, see `errors/argument.ts`.
 */
import { InvariantError } from './errors/errors.ts';

/** Throws InvariantError when the condition doesn't hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** The end of a switch over a closed union: compiles only when every case is handled. */
export function neverReached(value: never, what: string): never {
  throw new InvariantError(`${what} has an unexpected value: ${String(value)}`, { details: { what } });
}
