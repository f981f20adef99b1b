/**
 * Carries errors between threads: class, message, `code` and other own properties, causes and stack.
 *
 * The rules:
 * - `errorToWire` never throws, whatever is thrown at it; what can't be carried becomes text.
 * - The class is found by the names of its ancestry (`InsufficientFunds < TroupeError < Error`) in the receiver's
 *   registry; an unknown class becomes its nearest known ancestor and keeps its `name`. Constructors are not called,
 *   so private fields of a class don't exist in the copy.
 * - Something thrown that is no error arrives as it is: the same primitive, a copy of an object. Only what no value
 *   can hold (a function, a symbol, a class instance that is no error) arrives as an Error that says so.
 * - The stack is the remote one, then `at [thread boundary: …]`, then the frames of the local call where known.
 */
import { types } from 'node:util';
import { copiedBytes, copyValue } from '../codec/value.ts';
import { describeValue } from './argument.ts';
import { TroupeError, troupeErrorClasses } from './errors.ts';

const WireKind = { error: 0, value: 1 } as const;

/** Causes beyond this depth, and errors beyond this number in one tree, are left out. */
const depthMax = 16;
const errorsMax = 100;
/** Longer messages and stacks are cut, larger properties replaced by a note. */
const textLengthMax = 256 * 1024;
const propertyBytesMax = 1024 * 1024;

type ErrorClass = new (...args: never[]) => Error;

const builtInClasses: readonly ErrorClass[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
  DOMException,
];

/** The error classes a thread can give back. Knows the built-in ones and Troupe's from the start. */
export class ErrorRegistry {
  readonly #prototypes = new Map<string, Error | undefined>();

  constructor() {
    for (const errorClass of [...builtInClasses, ...troupeErrorClasses]) {
      this.register(errorClass as ErrorClass);
    }
  }

  /** Adds a class. Two classes of one name and ancestry can't be told apart: both arrive as their parent class. */
  register(errorClass: ErrorClass): void {
    const prototype = errorClass.prototype as Error;
    const key = ancestryKey(ancestry(prototype));
    const known = this.#prototypes.get(key);
    const isNew = !this.#prototypes.has(key) || known === prototype;
    this.#prototypes.set(key, isNew ? prototype : undefined);
  }

  /** The prototype for a class or for its nearest known ancestor, and how many names that is up. */
  find(names: readonly string[]): { readonly prototype: Error; readonly distance: number } {
    for (let distance = 0; distance < names.length; distance++) {
      const prototype = this.#prototypes.get(ancestryKey(names.slice(distance)));
      if (prototype !== undefined) return { prototype, distance };
    }
    return { prototype: Error.prototype, distance: names.length };
  }
}

/** The names of the classes of an error, its own first, `Error` last. */
function ancestry(prototype: unknown): string[] {
  const names: string[] = [];
  for (let at = prototype as object | null; at !== null && names.length < depthMax; ) {
    const parent = Object.getPrototypeOf(at) as object | null;
    // The last one is Object.prototype, perhaps of another realm.
    if (parent === null) break;
    names.push(ownClassName(at));
    at = parent;
  }
  return names;
}

// A name set on the prototype survives a minifier; the name of the constructor may not.
function ownClassName(prototype: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(prototype, 'name')?.value;
  if (typeof name === 'string' && name !== '') return name;
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'Error';
}

function ancestryKey(names: readonly string[]): string {
  return names.join('<');
}

/** The error, or whatever was thrown, as plain data for a message. Never throws. */
export function errorToWire(error: unknown): unknown[] {
  return new Encoder().encode(error, 0);
}

class Encoder {
  readonly #path = new Set<object>();
  #count = 0;

  encode(thrown: unknown, depth: number): unknown[] {
    if (!isError(thrown)) return thrownValue(thrown);
    if (this.#path.has(thrown)) return [WireKind.value, '[circular]'];
    if (depth > depthMax || ++this.#count > errorsMax) return [WireKind.value, '[further errors left out]'];
    this.#path.add(thrown);
    const wire = this.#encodeError(thrown, depth);
    this.#path.delete(thrown);
    return wire;
  }

  #encodeError(error: Error, depth: number): unknown[] {
    const names = attempt(() => ancestry(Object.getPrototypeOf(error)), ['Error']);
    const name = textOf(() => error.name, names[0] ?? 'Error');
    const message = textOf(() => error.message, '');
    const stack = textOf(() => error.stack, `${name}: ${message}`);
    const cause = attempt(() => ('cause' in error ? error.cause : undefined), undefined);
    const inner: unknown = attempt(() => (error as Partial<AggregateError>).errors, undefined);
    return [
      WireKind.error,
      names,
      name,
      message,
      stack,
      this.#properties(error, depth),
      cause === undefined ? undefined : this.encode(cause, depth + 1),
      Array.isArray(inner) ? inner.slice(0, errorsMax).map((one) => this.encode(one, depth + 1)) : undefined,
    ];
  }

  /** Own enumerable properties: key, whether it is an error, value, key, … */
  #properties(error: Error, depth: number): unknown[] {
    const properties: unknown[] = [];
    for (const key of attempt(() => Object.keys(error), [])) {
      if (carriedApart.has(key)) continue;
      const value = attempt<unknown>(
        () => (error as unknown as Record<string, unknown>)[key],
        '[unreadable]',
      );
      if (isError(value)) properties.push(key, true, this.encode(value, depth + 1));
      else properties.push(key, false, carried(value, 0));
    }
    return properties;
  }
}

const carriedApart: ReadonlySet<string> = new Set([
  'name',
  'message',
  'stack',
  'cause',
  'errors',
  '__proto__',
]);

function thrownValue(thrown: unknown): unknown[] {
  try {
    return [WireKind.value, copyValue(thrown, 'value')];
  } catch {
    const message = `something was thrown that can't be carried to another thread: ${textForm(thrown)}`;
    return [WireKind.error, ['Error'], 'Error', message, `Error: ${message}`, [], undefined, undefined];
  }
}

/** A copy of the value in which what can't be carried is replaced by its text. */
function carried(value: unknown, depth: number): unknown {
  try {
    const copy = copyValue(value, 'value');
    return copiedBytes() <= propertyBytesMax ? copy : `[${copiedBytes()} bytes left out]`;
  } catch {
    return attempt<unknown>(() => carriedMembers(value, depth), undefined) ?? textForm(value);
  }
}

function carriedMembers(value: unknown, depth: number): unknown {
  if (depth >= 3 || typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return value.slice(0, errorsMax).map((member) => carried(member, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.fromEntries(
    entries.slice(0, errorsMax).map(([key, member]) => [key, carried(member, depth + 1)]),
  );
}

/** What the sender threw, rebuilt: an Error, or the same value if it was none. */
export function errorFromWire(
  wire: readonly unknown[],
  registry: ErrorRegistry,
  callSite?: Error | string,
  /** Which threads the error came between: `host 1 → main`. */
  route?: string,
): unknown {
  const thrown = rebuild(wire, registry);
  if (thrown instanceof Error) hide(thrown, 'stack', joinedStack(thrown.stack ?? '', callSite, route));
  return thrown;
}

function rebuild(wire: readonly unknown[], registry: ErrorRegistry): unknown {
  if (wire[0] === WireKind.value) return wire[1];
  const [, names, name, message, stack, properties, cause, inner] = wire as ErrorWire;
  const { prototype, distance } = registry.find(names);
  const error = emptyError(prototype, message, name);
  if (cause !== undefined) hide(error, 'cause', rebuild(cause, registry));
  if (inner !== undefined) {
    hide(
      error,
      'errors',
      inner.map((one) => rebuild(one, registry)),
    );
  }
  for (let i = 0; i < properties.length; i += 3) {
    const value = properties[i + 2];
    const isErrorWire = properties[i + 1] === true;
    show(error, String(properties[i]), isErrorWire ? rebuild(value as unknown[], registry) : value);
  }
  const shownName = distance > 0 && error.name === name ? (names[0] ?? name) : name;
  if (error.name !== shownName) hide(error, 'name', shownName);
  hide(error, 'stack', stack);
  if (error instanceof TroupeError) Object.freeze(error.details);
  return error;
}

type ErrorWire = readonly [
  kind: number,
  names: string[],
  name: string,
  message: string,
  stack: string,
  properties: readonly unknown[],
  cause: unknown[] | undefined,
  inner: unknown[][] | undefined,
];

// Made by Error and given its class afterwards: so it is a native error and no constructor of a user runs.
function emptyError(prototype: Error, message: string, name: string): Error {
  if (prototype === DOMException.prototype) return new DOMException(message, name);
  const error = new Error(message);
  return prototype === Error.prototype ? error : Object.setPrototypeOf(error, prototype);
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

function show(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: true });
}

function joinedStack(
  remote: string,
  callSite: Error | string | undefined,
  route: string | undefined,
): string {
  const boundary = route === undefined ? '    at [thread boundary]' : `    at [thread boundary: ${route}]`;
  const local = typeof callSite === 'string' ? callSite : (callSite?.stack ?? '');
  const frames = local.split('\n').filter((line) => /^\s+at /.test(line));
  return [remote, boundary, ...frames].join('\n');
}

function isError(value: unknown): value is Error {
  return attempt(() => types.isNativeError(value) || value instanceof Error, false);
}

function textOf(read: () => unknown, otherwise: string): string {
  const text = attempt(read, otherwise);
  if (typeof text !== 'string') return otherwise;
  return text.length <= textLengthMax ? text : `${text.slice(0, textLengthMax)}…`;
}

function textForm(value: unknown): string {
  return attempt(
    () =>
      typeof value === 'object'
        ? describeValue(value)
        : String(value as bigint | boolean | number | string | symbol | undefined),
    'an unreadable value',
  );
}

/** The user's objects may have getters, proxies and toStrings that throw; an error must get through all the same. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
