/** What the end of an attempt means for the run it was part of, and so for the caller. */
import type { PartitionId } from '@troupe/core';
import type { AbortCause, Outcome } from '../protocol/outcome.ts';
import type { Attempt } from './attempt.ts';
import type { IdempotencyGuard } from './idempotency.ts';
import type { BodyEnd } from './transaction-body.ts';

/** Well, with an error for the user, or lost to another transaction, or with a thread, and worth another try. */
export type AttemptEnd<T> =
  | { readonly kind: 'committed'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'lost'; readonly error: Error };

/** Says what became of an attempt. */
interface AbortErrors {
  /** The death of a host loses nothing, so what it has aborted may be tried again. */
  readonly keepsData: boolean;
  abortError(attempt: Attempt, cause: AbortCause, partition: PartitionId | undefined, why?: unknown): Error;
}

/** `body`: what the body of the attempt had come to. */
export function endOf<T>(
  outcome: Outcome,
  body: BodyEnd<T>,
  attempt: Attempt,
  errors: AbortErrors,
): AttemptEnd<T> {
  if (outcome.committed)
    return body.threw ? { kind: 'failed', error: body.error } : { kind: 'committed', value: body.value };
  const { once } = attempt;
  if (once?.isAnswered === true) return storedEnd(once);
  if (body.threw && outcome.cause === 'user') return { kind: 'failed', error: body.error };
  const why = body.threw ? body.error : undefined;
  const error = errors.abortError(attempt, outcome.cause, outcome.partition, why);
  return { kind: isLost(outcome.cause, errors) ? 'lost' : 'failed', error };
}

function isLost(cause: AbortCause, { keepsData }: AbortErrors): boolean {
  return cause === 'wounded' || cause === 'busy' || (cause === 'participant-lost' && keepsData);
}

/** The call had been made before. However this attempt ended, the row it found was committed. */
function storedEnd<T>(once: IdempotencyGuard): AttemptEnd<T> {
  try {
    return { kind: 'committed', value: once.storedAnswer() as T };
  } catch (error) {
    return { kind: 'failed', error };
  }
}
