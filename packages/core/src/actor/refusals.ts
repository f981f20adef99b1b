/** Why a message was not taken in. */
import { GridClosedError, OverloadedError, PartitionUnavailableError } from '../errors/errors.ts';
import { fromStorageKey, keyToText, type StorageKey } from '../key/key.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { ActorType } from './actor-type.ts';

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
