/**
 * What becomes of an actor that has failed, and of the message it failed on. Pure: told the directive and the time, it
 * answers with the decision and with what to remember for the next one.
 *
 * The rules: at most `max` restarts in any `withinMs`, one more is a stop; the pause before a restart doubles with each
 * in the window, from `minDelayMs` to `maxDelayMs`; a message that nobody waits for is delivered again until it has had
 * `deliveryAttemptsMax` attempts, as long as the actor goes on.
 */
import type {
  FailurePhase,
  SupervisionDirective,
  SupervisionOptions,
} from '../../definition/supervision-options.ts';
import {
  actorRestartDelayMs,
  actorRestartDelayMsMax,
  actorRestartsMax,
  actorRestartsWithinMs,
  timerMsMax,
} from '../../limits.ts';

/** `SupervisionOptions` with everything said. */
export interface SupervisionRules {
  readonly restartsMax: number;
  readonly withinMs: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly deliveryAttemptsMax: number;
}

export function supervisionRules({ restarts, deliveryAttemptsMax }: SupervisionOptions): SupervisionRules {
  const minDelayMs =
    restarts?.minDelayMs ?? Math.min(actorRestartDelayMs, restarts?.maxDelayMs ?? timerMsMax);
  return {
    restartsMax: restarts?.max ?? actorRestartsMax,
    withinMs: restarts?.withinMs ?? actorRestartsWithinMs,
    minDelayMs,
    maxDelayMs: Math.min(timerMsMax, restarts?.maxDelayMs ?? Math.max(actorRestartDelayMsMax, minDelayMs)),
    deliveryAttemptsMax: deliveryAttemptsMax ?? 1,
  };
}

/** One failure. */
export interface Failure {
  readonly directive: SupervisionDirective;
  readonly phase: FailurePhase;
  /** Of the message, from 1. */
  readonly attempt: number;
  /** Somebody waits for the answer, and gets the error. */
  readonly isAsked: boolean;
}

export interface SupervisionDecision {
  readonly action: SupervisionDirective;
  /** The pause before the restart; 0 where there is none. */
  readonly delayMs: number;
  /** Is the message delivered again? If not, and nobody waits for it, it is dead. */
  readonly again: boolean;
  /** It is stopped because it was restarted too often. */
  readonly limited: boolean;
  /** When it was restarted, oldest first, as far as that still counts. */
  readonly restarts: readonly number[];
}

/** The restarts that count at this moment. */
export function restartsWithin(
  restarts: readonly number[],
  nowMs: number,
  { withinMs }: SupervisionRules,
): readonly number[] {
  return restarts.filter((atMs) => atMs > nowMs - withinMs);
}

export function decideSupervision(
  failure: Failure,
  restarts: readonly number[],
  nowMs: number,
  rules: SupervisionRules,
): SupervisionDecision {
  const { directive, phase, attempt, isAsked } = failure;
  const counted = restartsWithin(restarts, nowMs, rules);
  const limited = directive === 'restart' && counted.length >= rules.restartsMax;
  const action = limited ? 'stop' : directive;
  const goesOn = action === 'resume' || action === 'restart';
  const isMessage = phase === 'handle' || phase === 'timer';
  const again = goesOn && isMessage && !isAsked && attempt < rules.deliveryAttemptsMax;
  if (action !== 'restart') return { action, delayMs: 0, again, limited, restarts: counted };
  const delayMs = Math.min(rules.maxDelayMs, rules.minDelayMs * 2 ** Math.min(counted.length, 31));
  return { action, delayMs, again, limited, restarts: [...counted, nowMs] };
}
