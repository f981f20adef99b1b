/**
 * The request context: values of the user's that follow his calls, over whatever threads they go. A call takes along the
 * context that it is made in, and the code it reaches runs in it, so that what that calls takes it along in turn.
 *
 * It costs nothing until somebody uses it: a flag for each call. From then on calls made within a context carry it as one
 * more field, and an async context is kept on the threads that such calls reach. It belongs to the running code, not to a
 * grid: two grids of one process share it, as they do with every AsyncLocalStorage.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { freezeDeep } from '../codec/freeze.ts';
import { copiedBytes, copyValue } from '../codec/value.ts';
import { approximateBytes } from '../codec/value-bytes.ts';
import { mustBe, mustBeFunction } from '../errors/argument.ts';
import { ValueTooLargeError } from '../errors/errors.ts';
import { contextBytesMax } from '../limits.ts';

/** Values by name: user, tenant, locale; `traceparent` and `tracestate` for W3C Trace Context. */
export type RequestContext = Readonly<Record<string, unknown>>;

const storage = new AsyncLocalStorage<RequestContext | undefined>();
let inUse = false;
/** There may be more in async contexts: a tracer's, or on the service's thread the service's own. */
let followed = false;

/**
 * Runs `fn`, and everything that it awaits or calls, in a context with these values. Within another context they are
 * added to those of that one, or take their place; `undefined` takes one away. They are copied now and read-only from
 * then on. Throws INVALID_ARGUMENT, VALUE_NOT_SUPPORTED, and VALUE_TOO_LARGE beyond 8 KiB.
 *
 * @example
 * await withContext({ userId: 'u1' }, () => grid.actor(cart, 'alice').add(item));
 */
export function withContext<T>(values: RequestContext, fn: () => T): T {
  const isRecord = typeof values === 'object' && values !== null && !Array.isArray(values);
  mustBe(isRecord, 'values', 'an object of values by name', values);
  mustBeFunction(fn, 'fn');
  const given = copyValue({ ...currentContext(), ...values }, 'values') as Record<string, unknown>;
  const bytes = copiedBytes();
  if (bytes > contextBytesMax) throw tooLarge(bytes);
  const context = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  freezeDeep(context);
  return runInContext(context, fn);
}

/** The context of the running code; undefined where there is none. Read-only. */
export function currentContext(): RequestContext | undefined {
  return inUse ? storage.getStore() : undefined;
}

/** Runs `run` in a context that a call has brought, or in none. */
export function runInContext<T>(context: RequestContext | undefined, run: () => T): T {
  inUse = true;
  return storage.run(context, run);
}

/** About how much a context adds to a message. */
export function contextBytes(context: RequestContext | undefined): number {
  return context === undefined ? 0 : approximateBytes(context, contextBytesMax);
}

/** The context of a message from another thread. */
export function contextOfMessage(field: unknown): RequestContext | undefined {
  if (field !== undefined) freezeDeep(field);
  return field as RequestContext | undefined;
}

/** From now on async contexts of this thread are kept also where no request context is in them. */
export function followContexts(): void {
  followed = true;
}

/**
 * What brings code that goes on in another event, as the body of a transaction does once it has its locks, back into the
 * async context of now. Undefined when there is nothing in it to keep.
 */
export function keepContext(): (<T>(run: () => T) => T) | undefined {
  if (!followed && currentContext() === undefined) return undefined;
  const resource = new AsyncResource('troupe.context');
  return (run) => resource.runInAsyncScope(run);
}

function tooLarge(bytes: number): ValueTooLargeError {
  return new ValueTooLargeError(
    `the values of a request context must be at most ${contextBytesMax} bytes, got about ${bytes}: every call carries them; keep large ones in a table and put their key here`,
    { details: { argument: 'values', bytes, bytesMax: contextBytesMax } },
  );
}
