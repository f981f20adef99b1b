/** What a readonly turn is handed: a frozen copy, so that it can neither change the state nor see it change. */
import { freezeDeep } from '../../codec/freeze.ts';
import { copyValue } from '../../codec/value.ts';
import { ValueNotSupportedError } from '../../errors/errors.ts';
import type { ActorType } from '../actor-type.ts';

export function frozenState(state: unknown, type: ActorType): unknown {
  const copy = copyOfState(
    state,
    type,
    "a readonly method gets a frozen copy of its actor's state, which must be data",
  );
  freezeDeep(copy);
  return copy;
}

/** A copy of an actor's state. `why` is added to the error when it isn't data. */
export function copyOfState(state: unknown, { definition: { name } }: ActorType, why: string): unknown {
  try {
    return copyValue(state, `the state of actor '${name}'`);
  } catch (error) {
    if (!(error instanceof ValueNotSupportedError)) throw error;
    throw new ValueNotSupportedError(`${error.message}; ${why}`, { details: error.details, cause: error });
  }
}
