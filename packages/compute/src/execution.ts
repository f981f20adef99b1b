/** A job under way, as its caller holds it: what `compute.submit` answers. */
import type { Timestamp } from '@troupe/core';
import { linkedAbort } from './linked-abort.ts';

/** Unique in the grid. */
export type ExecutionId = Timestamp;

/**
 * `queued`: not begun, as far as the caller knows. `executing`: its body has begun; stays so while it is run again.
 * `completed`: `result` is there. `failed`: it ended with an error. `canceled`: the caller has stopped waiting, by
 * `cancel` or his signal.
 */
export type ExecutionState = 'queued' | 'executing' | 'completed' | 'failed' | 'canceled';

export interface Execution<R> {
  readonly id: ExecutionId;
  /** Nobody has to await it: a failure that nobody looks at is no unhandled rejection. */
  readonly result: Promise<R>;
  readonly state: ExecutionState;
  /**
   * Stops waiting: `result` rejects with the reason (an AbortError by default). What is queued never runs; what runs
   * is told through `ctx.signal` and `ctx.cancelled`. False when it has ended already.
   */
  cancel(reason?: unknown): boolean;
}

export class JobExecution<R> implements Execution<R> {
  readonly id: ExecutionId;
  readonly result: Promise<R>;
  #state: ExecutionState = 'queued';
  readonly #abort: (reason: unknown) => void;
  readonly #name: string;

  /** `begin` starts the call, bounded by the signal it is given. `signal` is the caller's own. */
  constructor(
    id: ExecutionId,
    name: string,
    signal: AbortSignal | undefined,
    begin: (signal: AbortSignal) => Promise<R>,
  ) {
    const linked = linkedAbort(signal);
    this.id = id;
    this.#name = name;
    this.#abort = (reason) => linked.abort(reason);
    this.result = begin(linked.signal).then(
      (value) => {
        linked.release();
        // Canceled in the moment between the answer and this call: the word given then stands.
        if (this.#state === 'canceled') throw linked.signal.reason;
        this.#state = 'completed';
        return value;
      },
      (error: unknown) => {
        linked.release();
        this.#state = linked.signal.aborted && linked.signal.reason === error ? 'canceled' : 'failed';
        throw error;
      },
    );
    this.result.catch(() => undefined);
  }

  get state(): ExecutionState {
    return this.#state;
  }

  /** Its host reports that the body has begun. */
  started(): void {
    if (this.#state === 'queued') this.#state = 'executing';
  }

  cancel(reason: unknown = new DOMException(`${this.#name} was canceled`, 'AbortError')): boolean {
    if (this.#state !== 'queued' && this.#state !== 'executing') return false;
    // At once: `result` settles a few microtasks later.
    this.#state = 'canceled';
    this.#abort(reason);
    return true;
  }
}
