/**
 * Requests of one member that wait for their answer. Each ends exactly once: by its answer, its deadline, its
 * AbortSignal, the loss of the member it was sent to, or the end of the grid.
 *
 * Calls that use the default deadline share one timer that looks at all of them now and then, so a call costs neither
 * a timer nor a look at the clock.
 */
import { type Clock, type ClockTimer, systemClock } from '../clock.ts';
import { GridClosedError, TimeoutError } from '../errors/errors.ts';
import { callTimeoutMsDefault, deadlineSweepMs, timerMsMax } from '../limits.ts';
import { onAbort } from './on-abort.ts';
import type { Peer } from './peer.ts';
import { RequestRing } from './request-ring.ts';
import { keepSettlers, settlers } from './settlers.ts';

/** How long a call may wait. Both optional; every wait of the library takes them. */
export interface CallOptions {
  /** Milliseconds until the call rejects with TIMEOUT. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Aborts the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

class PendingCall {
  readonly requestId: number;
  readonly peer: Peer;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** The sweep that ends it; Infinity when `stop` keeps a timer of its own. */
  readonly lastSweep: number;
  stop: (() => void) | undefined = undefined;

  constructor(requestId: number, peer: Peer, { resolve, reject }: typeof settlers, lastSweep: number) {
    this.requestId = requestId;
    this.peer = peer;
    this.resolve = resolve;
    this.reject = reject;
    this.lastSweep = lastSweep;
  }
}

export class PendingCalls {
  readonly #calls = new RequestRing<PendingCall>();
  readonly #cancel: (peer: Peer, requestId: number) => void;
  readonly #clock: Clock;
  /** What calls were rejected with that nobody had answered. */
  readonly #unanswered = new WeakSet<object>();
  #lastId = 0;
  #sweeps = 0;
  #sweep: ClockTimer | undefined;
  #drained: (() => void)[] = [];

  /** `cancel` tells the owner that nobody waits for this request any more. */
  constructor(cancel: (peer: Peer, requestId: number) => void, clock = systemClock) {
    this.#cancel = cancel;
    this.#clock = clock;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Registers a call to `peer` and answers its promise; its id is `lastId` until the next call. */
  start(peer: Peer, options: CallOptions | undefined): Promise<unknown> {
    const requestId = ++this.#lastId;
    const bounded =
      options !== undefined && (options.timeoutMs !== undefined || options.signal !== undefined);
    if (bounded) options.signal?.throwIfAborted();
    const promise = new Promise<unknown>(keepSettlers);
    const lastSweep = bounded ? Number.POSITIVE_INFINITY : this.#sweeps + sweepsPerDefault;
    const call = new PendingCall(requestId, peer, settlers, lastSweep);
    this.#calls.add(call);
    if (bounded) call.stop = this.#bound(requestId, options);
    else this.#sweep ??= this.#startSweep();
    return promise;
  }

  /** The ids of all that wait. */
  ids(): number[] {
    return this.#calls.all().map(({ requestId }) => requestId);
  }

  get lastId(): number {
    return this.#lastId;
  }

  resolve(requestId: number, value: unknown): void {
    this.#take(requestId)?.resolve(value);
  }

  /** The owner's answer is an error. */
  reject(requestId: number, error: unknown): void {
    // On this thread an answer may be the very error of another call, one that nobody answered.
    if (isObject(error)) this.#unanswered.delete(error);
    this.#take(requestId)?.reject(error);
  }

  /** True when a call was rejected with this error, and not by whom it was sent to: he is gone, or was too slow. */
  wasUnanswered(error: unknown): boolean {
    return isObject(error) && this.#unanswered.has(error);
  }

  /** Ends every call to a peer that is gone. */
  rejectAllTo(peer: Peer, error: () => Error): void {
    for (const call of this.#calls.all()) if (call.peer === peer) this.#abandon(call.requestId, error());
  }

  rejectAll(error: () => Error): void {
    for (const { requestId } of this.#calls.all()) this.#abandon(requestId, error());
  }

  /** Resolves when no call waits any more. */
  async idle(): Promise<void> {
    while (this.#calls.size > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  close(): void {
    this.rejectAll(() => new GridClosedError('the grid was closed before this call was answered'));
    this.#clock.cancel(this.#sweep);
    this.#sweep = undefined;
  }

  #take(requestId: number): PendingCall | undefined {
    const call = this.#calls.take(requestId);
    if (call === undefined) return undefined;
    call.stop?.();
    if (this.#calls.size === 0 && this.#drained.length > 0)
      for (const resolve of this.#drained.splice(0)) resolve();
    return call;
  }

  /** A timer and an abort listener of the call's own. */
  #bound(requestId: number, options: CallOptions): () => void {
    const timeoutMs = options.timeoutMs ?? callTimeoutMsDefault;
    const timer = Number.isFinite(timeoutMs)
      ? this.#clock.after(Math.min(timeoutMs, timerMsMax), () => this.#giveUp(requestId, timedOut(timeoutMs)))
      : undefined;
    const { signal } = options;
    const unlisten = signal && onAbort(signal, () => this.#giveUp(requestId, signal.reason));
    return () => {
      this.#clock.cancel(timer);
      unlisten?.();
    };
  }

  #giveUp(requestId: number, error: unknown): void {
    const call = this.#take(requestId);
    if (call === undefined) return;
    this.#cancel(call.peer, requestId);
    if (isObject(error)) this.#unanswered.add(error);
    call.reject(error);
  }

  /** Ends a call whose answer can't come any more. */
  #abandon(requestId: number, error: Error): void {
    this.#unanswered.add(error);
    this.#take(requestId)?.reject(error);
  }

  #startSweep(): ClockTimer {
    return this.#clock.every(deadlineSweepMs, () => this.#endOverdue());
  }

  #endOverdue(): void {
    this.#sweeps++;
    for (const { requestId, lastSweep } of this.#calls.all()) {
      if (lastSweep <= this.#sweeps) this.#giveUp(requestId, timedOut(callTimeoutMsDefault));
    }
    if (this.#calls.size === 0) {
      this.#clock.cancel(this.#sweep);
      this.#sweep = undefined;
    }
  }
}

/** Sweeps in the default deadline, and one for the part of a period in which a call begins. */
const sweepsPerDefault = Math.ceil(callTimeoutMsDefault / deadlineSweepMs) + 1;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function timedOut(timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `no answer within ${timeoutMs} ms; if the call had begun at the owner, its outcome is unknown`,
    {
      details: { timeoutMs, outcome: 'unknown' },
    },
  );
}
