/**
 * Why a value was refused, on its way up: the copier throws a ValueFault where it meets the fault, every container it
 * passes adds one step, and at the top the steps become the path in the error the user sees. A chain of steps that is
 * too deep and meets one container twice is a cycle; that is the only place where cycles are looked for.
 */
import { types } from 'node:util';
import { className } from '../errors/argument.ts';
import { type TroupeError, ValueNotSupportedError, ValueTooLargeError } from '../errors/errors.ts';
import { messageBytesMax, valueDepthMax } from '../limits.ts';

/** How one container leads to what is inside. */
export type Step =
  | { readonly kind: 'property'; readonly key: string }
  | { readonly kind: 'symbol'; readonly key: symbol | undefined }
  | { readonly kind: 'index' | 'set-member'; readonly key: number }
  | { readonly kind: 'map-key' | 'map-value'; readonly key: unknown };

type Reason =
  | { readonly kind: 'unsupported'; readonly what: string; readonly advice: string }
  | { readonly kind: 'proto-key' }
  | { readonly kind: 'too-deep' }
  | { readonly kind: 'too-large'; readonly sizeBytes: number };

interface ContainerStep {
  readonly container: object;
  readonly step: Step;
}

/** Never leaves the codec: `toError` makes what the user gets. */
export class ValueFault extends Error {
  readonly reason: Reason;
  /** From the fault up to the root. */
  readonly steps: ContainerStep[] = [];

  constructor(reason: Reason) {
    super();
    this.reason = reason;
  }

  /** The error for the user; `name` is what the root is called. */
  toError(name: string): TroupeError {
    const steps = this.steps.toReversed();
    const path = pathOf(name, steps);
    const { reason } = this;
    switch (reason.kind) {
      case 'unsupported':
        return notSupported(path, reason.what, reason.advice);
      case 'proto-key':
        return notSupported(
          path,
          'a key that changes the prototype of objects',
          'rename the key, or use a Map',
        );
      case 'too-large':
        return tooLarge(name, path, reason.sizeBytes);
      case 'too-deep':
        return cycleIn(name, steps) ?? tooDeep(name, steps);
    }
  }
}

/** The fault for something of a kind that can't be copied. */
export function unsupported(value: unknown): ValueFault {
  const [what, advice] = explain(value);
  return new ValueFault({ kind: 'unsupported', what, advice });
}

function explain(value: unknown): readonly [what: string, advice: string] {
  if (typeof value === 'function') {
    const what = value.name === '' ? 'a function' : `the function ${value.name}`;
    return [what, 'functions stay on their thread; pass data, and name what is to run by a definition'];
  }
  if (typeof value === 'symbol') return [`the symbol ${String(value)}`, 'use a string'];
  const object = value as object;
  const isShared = ArrayBuffer.isView(object)
    ? types.isSharedArrayBuffer(object.buffer)
    : types.isSharedArrayBuffer(object);
  if (isShared) return ['shared memory', 'values are copied; pass an ArrayBuffer'];
  if (types.isPromise(object)) return ['a Promise', 'await it first'];
  if (types.isNativeError(object) || object instanceof Error) {
    return [
      `an error (${className(object) ?? 'Error'})`,
      'throw it, or pass the fields you need, such as its message',
    ];
  }
  if (types.isAnyArrayBuffer(object) || ArrayBuffer.isView(object)) {
    return ['a binary that was transferred away or is of an unknown kind', 'pass a copy that is still yours'];
  }
  const name = className(object);
  const isOfClass = name !== undefined && name !== 'Object';
  return [
    isOfClass ? `an instance of ${name}` : 'an object with a prototype of its own',
    'pass a plain object with the fields you need',
  ];
}

function notSupported(path: string, what: string, advice: string): ValueNotSupportedError {
  return new ValueNotSupportedError(`${path} can't be sent or stored: it is ${what}; ${advice}`, {
    details: { path, what },
  });
}

function tooLarge(name: string, path: string, sizeBytes: number): ValueTooLargeError {
  const where = path === name ? '' : ` (reached at ${path})`;
  return new ValueTooLargeError(
    `${name} is too large: at least ${sizeBytes} bytes${where}, allowed are ${messageBytesMax}; split it into several entries`,
    { details: { path, sizeBytes, limitBytes: messageBytesMax } },
  );
}

function tooDeep(name: string, steps: readonly ContainerStep[]): ValueTooLargeError {
  const path = pathOf(name, steps);
  return new ValueTooLargeError(
    `${name} is nested too deep: more than ${valueDepthMax} levels at ${shortPath(path)}; store the parts under keys of their own`,
    { details: { path: shortPath(path), depth: steps.length, limitDepth: valueDepthMax } },
  );
}

function cycleIn(name: string, steps: readonly ContainerStep[]): ValueNotSupportedError | undefined {
  const seen = new Map<object, number>();
  for (const [index, { container }] of steps.entries()) {
    const first = seen.get(container);
    if (first !== undefined) {
      const target = pathOf(name, steps.slice(0, first));
      const path = pathOf(name, steps.slice(0, index));
      return notSupported(path, `a cycle back to ${target}`, 'refer to it by a key or an id');
    }
    seen.set(container, index);
  }
  return undefined;
}

function pathOf(name: string, steps: readonly ContainerStep[]): string {
  let path = name;
  for (const { step } of steps) path += segment(step);
  return path;
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function segment(step: Step): string {
  switch (step.kind) {
    case 'property':
      return identifier.test(step.key) ? `.${step.key}` : `[${JSON.stringify(step.key)}]`;
    case 'symbol':
      return `[${String(step.key)}]`;
    case 'index':
      return `[${step.key}]`;
    case 'set-member':
      return `.values()[${step.key}]`;
    case 'map-key':
      return `.key(${shown(step.key)})`;
    case 'map-value':
      return `.get(${shown(step.key)})`;
  }
}

function shown(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  if (typeof key === 'function') return 'function';
  if (typeof key === 'object' && key !== null) return Array.isArray(key) ? '[…]' : '{…}';
  return typeof key === 'bigint' ? `${key}n` : String(key);
}

/** The start and the end of a path that names hundreds of levels. */
function shortPath(path: string): string {
  return path.length <= 120 ? path : `${path.slice(0, 80)}…${path.slice(-30)}`;
}
