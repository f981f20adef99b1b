/** Generators, sync and async, as values. */

export type AnyGenerator =
  | Generator<unknown, unknown, undefined>
  | AsyncGenerator<unknown, unknown, undefined>;

/** True for what a generator function returns. */
export function isGenerator(value: unknown): value is AnyGenerator {
  if (typeof value !== 'object' || value === null) return false;
  const tag: unknown = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return tag === 'Generator' || tag === 'AsyncGenerator';
}

/** True for a function that was written as a generator, sync or async. */
export function isGeneratorFunction(value: unknown): boolean {
  if (typeof value !== 'function') return false;
  const tag: unknown = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return tag === 'GeneratorFunction' || tag === 'AsyncGeneratorFunction';
}
