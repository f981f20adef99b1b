/**
 * Schemas of any library that keeps to Standard Schema (https://standardschema.dev): zod, valibot, arktype and others.
 * Only the part of that interface which is used here, so there is no dependency on any of them.
 *
 * Values are checked where they enter, on the caller's thread and before anything is sent, and what the schema makes of
 * them is what is sent. Only schemas that answer at once: to wait for one would let later calls pass earlier ones.
 */
import { mustBe } from '../errors/argument.ts';
import { InvalidArgumentError, ValidationError, type ValidationIssue } from '../errors/errors.ts';
import { validationIssuesMax } from '../limits.ts';

/** A schema that takes `Input` and makes `Output` of it, in the form of Standard Schema 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Only for the compiler. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Throws INVALID_ARGUMENT unless it is a schema, or left out. Libraries may make theirs functions. */
export function checkSchema(schema: unknown, name: string): void {
  if (schema === undefined) return;
  const isHolder = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  const standard = isHolder ? (schema as Partial<StandardSchema>)['~standard'] : undefined;
  const isSchema = standard?.version === 1 && typeof standard.validate === 'function';
  mustBe(isSchema, name, 'a schema in the form of Standard Schema 1', schema);
}

/** The same for schemas of arguments, in their order. */
export function checkSchemas(schemas: unknown, name: string): void {
  mustBe(Array.isArray(schemas), name, 'an array of schemas, one for each argument', schemas);
  for (const [index, schema] of (schemas as unknown[]).entries()) checkSchema(schema, `${name}[${index}]`);
}

/**
 * What the schema makes of the value. `subject`: what errors call it. Throws VALIDATION_FAILED, and INVALID_ARGUMENT for
 * a schema that doesn't answer at once.
 */
export function validated(schema: StandardSchema, value: unknown, subject: () => string): unknown {
  const result = schema['~standard'].validate(value);
  if ('then' in result) throw asynchronous(result, subject());
  if (result.issues === undefined) return result.value;
  throw invalid(result.issues, subject());
}

/** The arguments as their schemas have them; those beyond the schemas as they are. */
export function validatedArguments(
  schemas: readonly (StandardSchema | undefined)[],
  args: readonly unknown[],
  subject: (index: number) => string,
): unknown[] {
  const made = [...args];
  for (const [index, schema] of schemas.entries()) {
    if (schema === undefined) continue;
    const value = validated(schema, args[index], () => subject(index));
    // One that was left out stays so, unless the schema has made something of it.
    if (index < args.length || value !== undefined) made[index] = value;
  }
  return made;
}

function invalid(given: readonly SchemaIssue[], subject: string): ValidationError {
  const issues = given.slice(0, validationIssuesMax).map(issueOf);
  const [first] = issues;
  const where = first === undefined || first.path.length === 0 ? '' : ` at ${first.path.join('.')}`;
  const more = given.length > 1 ? ` (and ${given.length - 1} more)` : '';
  return new ValidationError(
    `${subject} is not valid${where}: ${first?.message ?? 'no reason given'}${more}`,
    {
      details: { subject, issues, issueCount: given.length },
    },
  );
}

/** Plain data, which crosses threads. */
function issueOf({ message, path = [] }: SchemaIssue): ValidationIssue {
  const segments = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  return {
    message: String(message),
    path: segments.map((key) => (typeof key === 'number' ? key : String(key))),
  };
}

function asynchronous(result: Promise<unknown>, subject: string): InvalidArgumentError {
  result.catch(() => undefined);
  return new InvalidArgumentError(
    `the schema for ${subject} is asynchronous; use one that answers at once, for a call that waits for it would be overtaken by later ones. Check what needs a wait before the call`,
    { details: { argument: 'schema', subject } },
  );
}
