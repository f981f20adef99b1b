/**
 * References: values that stand for something of the grid, such as an actor. They travel as a name and a key, and the
 * receiver's thread makes a live one of them. The codec knows only this much; what a reference is, its layer knows.
 *
 * Nothing of it is looked for in plain objects: a reference has a class of its own, with these methods.
 */
import { DefinitionError } from '../errors/errors.ts';
import type { StorageKey } from '../key/key.ts';

/** How a reference travels. `actor`: asks; `tells`: tells. */
export type ReferenceForm = readonly [kind: 'actor' | 'tells', definition: string, key: StorageKey];

/** Makes a live reference of what has travelled. Must not throw. */
export type Revive = (form: ReferenceForm) => object;

export const formOf: unique symbol = Symbol('troupe.form');
export const asValue: unique symbol = Symbol('troupe.value');

export interface Reference {
  [formOf](): ReferenceForm;
  /** The same without what belongs to its holder only, such as a signal. */
  [asValue](): object;
}

export function isReference(value: object): value is Reference {
  return formOf in value;
}

/** True when both stand for the same. */
export function referencesEqual(a: Reference, b: Reference): boolean {
  const other = b[formOf]();
  return a[formOf]().every((part, at) => part === other[at]);
}

/** What stands for a definition that this grid doesn't have: it may be passed on; each call is refused. */
export function deadReference(form: ReferenceForm): object {
  const [, name] = form;
  const self: Reference = {
    [formOf]: () => form,
    [asValue]: () => reference,
  };
  const refuse = (): Promise<never> => Promise.reject(unknownDefinition(name));
  const reference: object = Object.create(
    new Proxy(self, {
      get: (target, property) => {
        if (property === formOf) return target[formOf];
        if (property === asValue) return target[asValue];
        return typeof property === 'symbol' || property === 'then' || property in target ? undefined : refuse;
      },
    }),
  ) as object;
  return reference;
}

export function unknownDefinition(name: string): DefinitionError {
  return new DefinitionError(
    'DEFINITION_MISSING',
    `a reference names actor '${name}', which is not part of this grid`,
    { details: { kind: 'actor', name } },
  );
}
