/**
 * Checks of what users pass to public functions. Each throws InvalidArgumentError with one sentence of one form:
 * `timeoutMs must be a positive number, got -5 (number)`. Checks that can succeed return the value with its type
 * narrowed, so a call reads `this.#timeoutMs = mustBePositive(options.timeoutMs, 'timeoutMs')`.
 * Not for values to store or send (`codec/value.ts`) nor for Troupe's own state (`assert.ts`).
 */
import { InvalidArgumentError } from './errors.ts';

const shownLengthMax = 80;

/** Throws unless the condition holds; `expected` completes "`name` must be …". */
export function mustBe(
  condition: boolean,
  name: string,
  expected: string,
  actual: unknown,
): asserts condition {
  if (condition) return;
  throw new InvalidArgumentError(`${name} must be ${expected}, got ${describeValue(actual)}`, {
    details: { argument: name, expected, actual: describeValue(actual) },
  });
}

/** A non-empty string: names of definitions, labels. */
export function mustBeName(value: unknown, name: string): string {
  mustBe(typeof value === 'string' && value.length > 0, name, 'a non-empty string', value);
  return value as string;
}

/** A number above zero, not NaN; Infinity passes. */
export function mustBePositive(value: unknown, name: string): number {
  mustBe(typeof value === 'number' && value > 0, name, 'a positive number', value);
  return value as number;
}

/** A whole number with `min <= value <= max`. */
export function mustBeInteger(value: unknown, name: string, min: number, max: number): number {
  const inRange = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
  mustBe(inRange, name, `a whole number from ${min} to ${max}`, value);
  return value as number;
}

/** A callable. Returns it unchanged. */
export function mustBeFunction<F>(value: F, name: string): F {
  mustBe(typeof value === 'function', name, 'a function', value);
  return value;
}

/** An AbortSignal, also one of another realm. */
export function mustBeAbortSignal(value: unknown, name: string): AbortSignal {
  const looksRight =
    typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
  mustBe(looksRight, name, 'an AbortSignal', value);
  return value as AbortSignal;
}

/** A plain object whose keys are all in `known`. A misspelt one is answered with the nearest known name. */
export function checkOptions(options: unknown, name: string, known: readonly string[]): void {
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options);
  mustBe(isObject, name, 'an options object', options);
  for (const key in options as object) if (!known.includes(key)) throw unknownOption(key, name, known);
}

function unknownOption(key: string, name: string, known: readonly string[]): InvalidArgumentError {
  const nearest = nearestName(key, known);
  const advice =
    nearest === undefined
      ? `known options: ${known.length === 0 ? 'none' : known.join(', ')}`
      : `did you mean \`${nearest}\`?`;
  return new InvalidArgumentError(`unknown option \`${key}\` in ${name}; ${advice}`, {
    details: { argument: name, option: key, known: [...known] },
  });
}

/** The candidate with the fewest edits, if few enough for a slip of the keyboard. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let distanceMin = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < distanceMin) {
      distanceMin = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const removed = (previous[column] ?? 0) + 1;
      const inserted = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, removed, inserted));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** A short form of any value for a message: `-5 (number)`, `'abc' (string)`, `an array`. Never throws. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `${quoted(value)} (string)`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object')
    return `${shortened(String(value as bigint | boolean | number | symbol))} (${typeof value})`;
  try {
    if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype) return 'an object';
    return `an instance of ${className(value) ?? 'an unnamed class'}`;
  } catch {
    return 'an object that cannot be read';
  }
}

/** The name of the class of an object, from its prototype. May run user getters and throw what they throw. */
export function className(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  const maker: unknown = (prototype as { constructor?: unknown } | null)?.constructor;
  return typeof maker === 'function' && maker.name !== '' ? maker.name : undefined;
}

function quoted(text: string): string {
  return `'${shortened(text)}'`;
}

function shortened(text: string): string {
  return text.length <= shownLengthMax ? text : `${text.slice(0, shownLengthMax)}…`;
}
