/**
 * The supervisor of one activation whose definition has `supervision`: asks `onError`, keeps count of the restarts, and
 * counts the deliveries of messages that nobody waits for.
 */
import { copyValue } from '../../codec/value.ts';
import type {
  FailurePhase,
  SupervisionDirective,
  SupervisionOptions,
} from '../../definition/supervision-options.ts';
import { InvalidArgumentError } from '../../errors/errors.ts';
import { fromStorageKey, type Key, type StorageKey } from '../../key/key.ts';
import type { ActorType } from '../actor-type.ts';
import { Delivery, type Letter, noRequest } from '../mail/letter.ts';
import {
  decideSupervision,
  restartsWithin,
  type SupervisionDecision,
  type SupervisionRules,
} from './supervision.ts';

/** What is to become of an activation, when the turns that are under way have ended. */
export interface Fate extends SupervisionDecision {
  readonly error: unknown;
  readonly phase: FailurePhase;
  readonly method: string;
}

/** A type that has supervision. */
export interface SupervisedType {
  readonly options: SupervisionOptions;
  readonly rules: SupervisionRules;
}

export class ActorSupervisor {
  readonly #type: ActorType;
  readonly #key: Key;
  readonly #supervised: SupervisedType;
  readonly #now: () => number;
  #restarts: readonly number[] = [];
  #startsFailed = 0;

  /** Undefined for an actor whose definition names no supervision. */
  static of(type: ActorType, key: StorageKey, now: () => number): ActorSupervisor | undefined {
    return type.supervised && new ActorSupervisor(type, key, type.supervised, now);
  }

  private constructor(type: ActorType, key: StorageKey, supervised: SupervisedType, now: () => number) {
    this.#type = type;
    this.#key = fromStorageKey(key);
    this.#supervised = supervised;
    this.#now = now;
  }

  /** The turn of this message begins. */
  delivers(letter: Letter): void {
    if (letter.requestId !== noRequest) return;
    letter.delivery ??= new Delivery('handle');
    const { delivery } = letter;
    delivery.attempts++;
    // The method may change what it gets.
    if (delivery.args === undefined) delivery.args = copyValue(letter.args, 'arguments of a message');
    else letter.args = copyValue(delivery.args, 'arguments of a message');
  }

  failedTurn(letter: Letter, error: unknown): Fate {
    const isAsked = letter.requestId !== noRequest;
    const method = this.#type.methodNames[letter.method] ?? '';
    return this.#judge(
      error,
      letter.delivery?.phase ?? 'handle',
      method,
      letter.delivery?.attempts ?? 1,
      isAsked,
    );
  }

  failedStart(error: unknown): Fate {
    this.#startsFailed++;
    return this.#judge(error, 'activate', '', this.#startsFailed, true);
  }

  started(): void {
    this.#startsFailed = 0;
  }

  failedStop(error: unknown): Fate {
    return this.#judge(error, 'deactivate', '', 1, true);
  }

  #judge(error: unknown, phase: FailurePhase, method: string, attempt: number, isAsked: boolean): Fate {
    const { options, rules } = this.#supervised;
    const nowMs = this.#now();
    const restarts = restartsWithin(this.#restarts, nowMs, rules).length;
    let directive: SupervisionDirective = 'resume';
    let escalated = error;
    if (options.onError !== undefined) {
      try {
        directive = mustBeDirective(
          options.onError(error, { key: this.#key, phase, method, attempt, restarts }),
          this.#type,
        );
      } catch (thrown) {
        directive = 'escalate';
        escalated = new AggregateError(
          [thrown, error],
          `the supervision of actor '${this.#type.definition.name}' failed`,
        );
      }
    }
    const decision = decideSupervision({ directive, phase, attempt, isAsked }, this.#restarts, nowMs, rules);
    this.#restarts = decision.restarts;
    return { ...decision, error: escalated, phase, method };
  }
}

/** From the mildest to the severest. */
const directives: readonly unknown[] = ['resume', 'restart', 'stop', 'escalate'];

/** Of two fates of one activation the severer, the earlier of equal ones. */
export function severest(earlier: Fate | undefined, later: Fate): Fate {
  if (earlier === undefined) return later;
  return directives.indexOf(later.action) > directives.indexOf(earlier.action) ? later : earlier;
}

function mustBeDirective(directive: unknown, { definition: { name } }: ActorType): SupervisionDirective {
  if (directives.includes(directive)) return directive as SupervisionDirective;
  const expected = "'resume', 'restart', 'stop' or 'escalate'";
  throw new InvalidArgumentError(`supervision.onError of actor '${name}' must answer with ${expected}`, {
    details: { argument: 'supervision.onError', actor: name },
  });
}
