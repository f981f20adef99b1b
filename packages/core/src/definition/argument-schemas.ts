/** Schemas for the arguments of an actor's methods: what may be given, and what that does to their types. */
import { mustBe } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { checkSchemas, type StandardSchema } from './standard-schema.ts';

type ArgumentsOf<F> = F extends (context: never, ...args: infer A) => unknown ? A : never;

/** One schema for each argument that is checked, in their order, by method. They make what the method gets. */
export type ArgumentSchemas<M> = { readonly [Name in keyof M]?: SchemasOf<ArgumentsOf<M[Name]>> };

/** Schemas of arguments in their order. */
export type SchemasOf<A extends readonly unknown[]> = {
  readonly [At in keyof A]?: StandardSchema<unknown, A[At]> | undefined;
};

/** The methods as they are called: with what the schemas take in the place of what they make. */
export type TakingInputs<M, Schemas> = {
  [Name in keyof M]: Name extends keyof Schemas ? TakesInputs<M[Name], Schemas[Name]> : M[Name];
};

type TakesInputs<F, Schemas> = F extends (context: infer C, ...args: infer A) => infer R
  ? (context: C, ...args: InputsOf<A, Schemas>) => R
  : F;

/** What is given for these arguments. */
export type InputsOf<A extends readonly unknown[], Schemas> = {
  [At in keyof A]: At extends keyof Schemas ? InputOf<Schemas[At], A[At]> : A[At];
};

type InputOf<Schema, Otherwise> = Schema extends {
  readonly '~standard': { readonly types?: { readonly input: infer Input } | undefined };
}
  ? Input
  : Otherwise;

/** Throws INVALID_ARGUMENT for what are no schemas, or of no method. */
export function checkArgumentSchemas(actor: string, given: unknown, methods: object): void {
  if (given === undefined) return;
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  mustBe(isObject, 'args', 'an object of arrays of schemas, by method', given);
  for (const [method, schemas] of Object.entries(given as object)) {
    if (!Object.hasOwn(methods, method)) throw unknownMethod(actor, method);
    checkSchemas(schemas, `args.${method}`);
  }
}

function unknownMethod(actor: string, method: string): InvalidArgumentError {
  return new InvalidArgumentError(`args of actor '${actor}' names ${method}, which is no method of it`, {
    details: { argument: 'args' },
  });
}
