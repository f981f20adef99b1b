/** What the definition of an actor says about failures: `supervision` of `actor(…)`. */
import { checkOptions, mustBe, mustBeFunction, mustBeInteger, mustBePositive } from '../errors/argument.ts';
import type { Key } from '../key/key.ts';

/**
 * Where an actor failed. `activate`: while its state was made, or in `activate`. `handle`: in the method of a message.
 * `timer`: in the method of a timer or a reminder. `deactivate`: in `deactivate`.
 */
export type FailurePhase = 'activate' | 'handle' | 'timer' | 'deactivate';

/**
 * What becomes of an actor that has failed.
 * - `resume`: it goes on with the state as it is.
 * - `restart`: it forgets its state and begins anew after a pause; messages wait meanwhile.
 * - `stop`: it forgets its state, and what waits fails with ACTOR_STOPPED; the next message begins it anew.
 * - `escalate`: as `stop`, and the service is told by the event `actorFailed`.
 */
export type SupervisionDirective = 'resume' | 'restart' | 'stop' | 'escalate';

/** What a supervisor is told beside the error. */
export interface ActorFailure {
  readonly key: Key;
  readonly phase: FailurePhase;
  /** The method; empty in `activate` and `deactivate`. */
  readonly method: string;
  /** How often this message has been delivered, or the actor has failed to begin in a row; 1 for the first time. */
  readonly attempt: number;
  /** Restarts within `restarts.withinMs` so far. */
  readonly restarts: number;
}

/** How often and how soon an actor may be restarted. */
export interface RestartLimits {
  /** Restarts within `withinMs`; one more stops the actor instead. Default 10. */
  readonly max?: number;
  /** Milliseconds. Default 60,000. */
  readonly withinMs?: number;
  /** The pause before the first restart, in milliseconds; doubled with each further one in `withinMs`. Default 10. */
  readonly minDelayMs?: number;
  /** The longest pause. Default 5,000. */
  readonly maxDelayMs?: number;
}

export interface SupervisionOptions {
  /**
   * Decides, at once, what becomes of the actor. Default: `'resume'` in all phases, which in `activate` means that
   * everything that waits fails and the next message tries again. When it throws, or answers with something else, the
   * failure escalates.
   */
  readonly onError?: (error: unknown, failure: ActorFailure) => SupervisionDirective;
  readonly restarts?: RestartLimits;
  /**
   * How often a message that nobody waits for (a tell, a timer, a reminder) is delivered while its method fails; then it
   * goes to the dead letters. Each time it gets the arguments as they were sent. Default 1.
   */
  readonly deliveryAttemptsMax?: number;
}

/** Throws INVALID_ARGUMENT. */
export function checkSupervision(options: SupervisionOptions): void {
  checkOptions(options, 'supervision', ['onError', 'restarts', 'deliveryAttemptsMax']);
  const { onError, restarts, deliveryAttemptsMax } = options;
  if (onError !== undefined) mustBeFunction(onError, 'supervision.onError');
  if (deliveryAttemptsMax !== undefined)
    mustBeInteger(deliveryAttemptsMax, 'supervision.deliveryAttemptsMax', 1, Number.MAX_SAFE_INTEGER);
  if (restarts === undefined) return;
  checkOptions(restarts, 'supervision.restarts', ['max', 'withinMs', 'minDelayMs', 'maxDelayMs']);
  const { max, withinMs, minDelayMs, maxDelayMs } = restarts;
  if (max !== undefined) mustBeInteger(max, 'supervision.restarts.max', 0, restartsPerWindowMax);
  for (const [name, ms] of Object.entries({ withinMs, minDelayMs, maxDelayMs }))
    if (ms !== undefined) mustBePositive(ms, `supervision.restarts.${name}`);
  if (minDelayMs !== undefined && maxDelayMs !== undefined)
    mustBe(minDelayMs <= maxDelayMs, 'supervision.restarts.maxDelayMs', 'at least minDelayMs', maxDelayMs);
}

/** The moment of each restart in the window is kept. */
const restartsPerWindowMax = 1_000;
