/** Why a message was not taken in. */
import {
  ActorCycleError,
  ActorStoppedError,
  GridClosedError,
  OverloadedError,
  PartitionUnavailableError,
} from '../../errors/errors.ts';
import { fromStorageKey, type Key, keyToText, type StorageKey, toStorageKey } from '../../key/key.ts';
import type { PartitionId } from '../../mesh/shared-state.ts';
import type { ActorType, ActorTypes } from '../actor-type.ts';
import type { PathStep } from '../call/call-path.ts';
import type { Fate } from '../failure/actor-supervisor.ts';

/** Makes the error of a refusal; called only when somebody gets to see it. */
export type Refusal = () => Error;

export function closing(): Error {
  return stackless(() => new GridClosedError('the grid is closing; the message was not taken in'));
}

export function superseded(partition: PartitionId): Error {
  const message = `partition ${partition} was created anew while the message was under way; the actor did not get it`;
  return stackless(() => new PartitionUnavailableError(message, { details: { partition } }));
}

export function mailboxFull(type: ActorType, key: StorageKey): Error {
  const { name } = type.definition;
  const waiting = `${type.mailboxLengthMax} messages wait for actor '${name}' with key ${keyToText(key)} already`;
  const details = { actor: name, key: fromStorageKey(key), mailboxLengthMax: type.mailboxLengthMax };
  return stackless(
    () =>
      new OverloadedError('MAILBOX_FULL', `${waiting}; await earlier ones before sending more`, { details }),
  );
}

/** Another message, or a hook, has failed in a way that stopped the actor. */
export function actorStopped(type: ActorType, key: StorageKey, { phase, method, error }: Fate): Error {
  const { name } = type.definition;
  const where = method === '' ? phase : `method ${method}`;
  const message = `actor '${name}' with key ${keyToText(key)} was stopped by its supervision, after a failure in ${where}`;
  const details = { actor: name, key: fromStorageKey(key), phase, method };
  return stackless(() => new ActorStoppedError(message, { cause: error, details }));
}

/** What the message belongs to, such as a stream, ended with the actor's activation. */
export function actorOver(type: ActorType, key: StorageKey): Error {
  const { name } = type.definition;
  const message = `actor '${name}' with key ${keyToText(key)} was stopped by its supervision`;
  return new ActorStoppedError(message, { details: { actor: name, key: fromStorageKey(key) } });
}

/** What `ACTOR_CYCLE` lists. */
export interface CycleStep {
  readonly actor: string;
  readonly key: Key;
  readonly method: string;
}

/** Calls of different origin wait for each other. The last step waits for the first. */
export function awaitCycle(types: ActorTypes, steps: readonly PathStep[]): Error {
  const chain = cycleSteps(types, steps);
  const message = `actors wait for each other: ${cycleText(chain)}; this call is rejected so that the others go on`;
  return stackless(() => new ActorCycleError(message, { retryable: true, details: { chain } }));
}

/** A call came back to an actor that is not reentrant. */
export function notReentrant(types: ActorTypes, steps: readonly PathStep[]): Error {
  const chain = cycleSteps(types, steps);
  const message = `a call came back to an actor that waits for it and is not reentrant: ${cycleText(chain)}`;
  return stackless(() => new ActorCycleError(message, { details: { chain } }));
}

/** A call of a transaction waits for itself. */
export function joinedCycle(types: ActorTypes, steps: readonly Omit<PathStep, 'turn'>[]): Error {
  const chain = cycleSteps(types, steps);
  const message = `in a transaction calls of one actor go one after another, and these wait for each other: ${cycleText(chain)}`;
  return new ActorCycleError(message, { details: { chain } });
}

function cycleSteps(types: ActorTypes, steps: readonly Omit<PathStep, 'turn'>[]): CycleStep[] {
  return steps.map(({ actor, key, method }) => {
    const { definition, methodNames } = types.mustGet(actor);
    return { actor: definition.name, key: fromStorageKey(key), method: methodNames[method] ?? '' };
  });
}

function cycleText(chain: readonly CycleStep[]): string {
  return chain
    .map(({ actor, key, method }) => `${actor}(${keyToText(toStorageKey(key))}).${method}`)
    .join(' → ');
}

/** Refusals come in floods, and the frames of this end are most of what one costs and tell the caller nothing. */
function stackless(make: () => Error): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
