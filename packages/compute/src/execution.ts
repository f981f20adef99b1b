/** A job under way, as its caller holds it: what `compute.submit` answers. */
import {
  addCallSite,
  type CallSite,
  HostLostError,
  linkedAbort,
  type Member,
  mustBeInteger,
  type Peer,
  type Timestamp,
} from '@troupe/core';
import { type ExecutionEvent, type ExecutionState, isEnded, nextState } from './execution-state.ts';
import { isAbortError } from './is-abort-error.ts';
import { ComputeOp, type JobTerms } from './messages.ts';
import type { Attempt, CallFollower, ReportListener } from './outgoing-call.ts';
import { ProgressFeed } from './progress-feed.ts';

/** Unique in the grid. */
export type ExecutionId = Timestamp;

export interface ExecutionStatus {
  readonly state: ExecutionState;
  /** How often it has been sent to a host: more than once when its thread died or `retries` were used. */
  readonly attempts: number;
  readonly createdAt: Date;
  /** When its body began, of the last attempt; on a map-reduce of the first part. */
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
}

export interface Execution<R, P = unknown> {
  readonly id: ExecutionId;
  /** Nobody has to await it: a failure that nobody looks at is no unhandled rejection. */
  readonly result: Promise<R>;
  readonly state: ExecutionState;
  /** The state with its times, on this thread's clock. */
  readonly status: ExecutionStatus;
  /**
   * Asks the job to stop. What is queued never runs; what runs is told through `ctx.signal` and `ctx.cancelled`, and a
   * generator ends at its next yield. `result` rejects with the reason (an AbortError by default) when the job has
   * stopped for it; a job that ends by itself is completed, or failed with its own error. A job at `'any'` is killed.
   * False when it has ended already or was canceled before.
   */
  cancel(reason?: unknown): boolean;
  /**
   * Goes behind the jobs of another priority, larger ones first. Resolves with false when it doesn't wait in a queue any
   * more. Throws INVALID_ARGUMENT.
   */
  changePriority(priority: number): Promise<boolean>;
  /**
   * What the job reports with `ctx.progress(…)`, or yields when it is a generator. The newest wins: who reads slowly is
   * told less often. Of a map-reduce, how many partitions are mapped. The last report always comes. Ends when the execution has; leaving early costs nothing. For one
   * reader: two share the reports.
   */
  progress(): AsyncIterableIterator<P>;
}

export interface ExecutionParts<R> {
  readonly id: ExecutionId;
  readonly member: Member;
  /** For texts. */
  readonly name: string;
  /** The caller's own. */
  readonly signal: AbortSignal | undefined;
  readonly priority: number | undefined;
  /** For the stack of its error. */
  readonly site: CallSite;
  /** Starts the call, bounded by the signal it is given. */
  readonly begin: (follower: CallFollower, signal: AbortSignal) => Promise<R>;
}

/** What a message about a call takes. */
const newsBytes = 16;

export class JobExecution<R> implements Execution<R>, CallFollower {
  readonly id: ExecutionId;
  readonly result: Promise<R>;
  priority: number;
  readonly #member: Member;
  readonly #name: string;
  readonly #abort: (reason: unknown) => void;
  readonly #progress = new ProgressFeed();
  readonly #createdMs: number;
  /** Those that have neither failed nor been answered: one, or one for each part of a map-reduce. */
  readonly #attempts = new Set<Attempt>();
  #state: ExecutionState = 'queued';
  #attemptCount = 1;
  #startedMs = 0;
  #finishedMs = 0;
  #cancelReason: unknown;
  #listener: ReportListener | undefined;

  constructor({ id, member, name, signal, priority = 0, site, begin }: ExecutionParts<R>) {
    const linked = linkedAbort(signal);
    this.id = id;
    this.priority = priority;
    this.#member = member;
    this.#createdMs = member.clock.epochNow();
    this.#name = name;
    this.#abort = (reason) => linked.abort(reason);
    this.result = begin(this, linked.signal).then(
      (value) => {
        linked.release();
        this.#end('completed');
        return value;
      },
      (error: unknown) => {
        linked.release();
        const reason = this.#ended(error, linked.signal);
        if (this.#state === 'failed') addCallSite(reason, site);
        throw reason;
      },
    );
    this.result.catch(() => undefined);
  }

  get state(): ExecutionState {
    if (this.#state === 'queued' && this.#isOnBoard()) this.started();
    return this.#state;
  }

  get status(): ExecutionStatus {
    const at = (ms: number): Date | undefined => (ms === 0 ? undefined : new Date(ms));
    const { state } = this;
    return {
      state,
      attempts: this.#attemptCount,
      createdAt: new Date(this.#createdMs),
      startedAt: at(this.#startedMs),
      finishedAt: at(this.#finishedMs),
    };
  }

  cancel(reason: unknown = new DOMException(`${this.#name} was canceled`, 'AbortError')): boolean {
    if (!this.#move('cancel')) return false;
    this.#cancelReason = reason;
    const attempts = [...this.#attempts];
    if (attempts.length === 0 || attempts.some((attempt) => requestIdOf(attempt) === 0)) {
      // Something of it isn't on its way, and must not be sent any more.
      this.#abort(reason);
    } else for (const attempt of attempts) this.#tellToStop(attempt);
    return true;
  }

  async changePriority(priority: number): Promise<boolean> {
    mustBePriority(priority);
    if (this.state !== 'queued') return false;
    this.priority = priority;
    const answers = await Promise.all(
      [...this.#attempts].map((attempt) => this.#prioritize(attempt, priority)),
    );
    return answers.length === 0 || answers.includes(true);
  }

  progress(): AsyncIterableIterator<unknown> {
    return this.#progress.read();
  }

  /** Its host reports that the body has begun. */
  started(): void {
    if (this.#move('started') && this.#startedMs === 0) this.#startedMs = this.#member.clock.epochNow();
  }

  reported(requestId: number, report: unknown, from: Peer): void {
    const heard = (): void => {
      if (!isEnded(this.#state)) this.#member.sendProtocol(from, [ComputeOp.heard, requestId]);
    };
    if (this.#listener === undefined) this.#progress.add(requestId, report, heard);
    else {
      this.#listener(requestId, report);
      heard();
    }
  }

  count(listener: ReportListener): void {
    this.#listener = listener;
  }

  progressed(report: unknown): void {
    if (!isEnded(this.#state)) this.#progress.add(0, report, () => undefined);
  }

  answered(): void {
    this.#attempts.clear();
  }

  get isCanceling(): boolean {
    return this.#state === 'canceling';
  }

  attempting(attempt: Attempt): void {
    this.#attempts.add(attempt);
  }

  failed(attempt: Attempt): void {
    this.#attempts.delete(attempt);
  }

  again(): boolean {
    if (!this.#move('again')) return false;
    this.#attemptCount++;
    this.#startedMs = 0;
    return true;
  }

  /** Its thread is busy with it, so that the news of its start can't leave there. */
  #isOnBoard(): boolean {
    for (const { owner } of this.#attempts) {
      if (this.#member.tryPeer(owner)?.calls?.board.current?.id === this.id) return true;
    }
    return false;
  }

  #tellToStop({ owner, message }: Attempt): void {
    const requestId = message[1] as number;
    const peer = this.#member.tryPeer(owner);
    this.#member.flagCancelled(requestId);
    if (peer !== undefined) this.#member.sendProtocol(peer, [ComputeOp.cancel, requestId]);
  }

  async #prioritize(attempt: Attempt, priority: number): Promise<boolean> {
    const requestId = requestIdOf(attempt);
    if (requestId === 0) {
      attempt.message[8] = { ...(attempt.message[8] as JobTerms | undefined), priority };
      return true;
    }
    try {
      const message = [ComputeOp.prioritize, 0, requestId, priority];
      return (await this.#member.request(attempt.owner, message, newsBytes)) as boolean;
    } catch (error) {
      // It will be sent again, with the new priority.
      if (error instanceof HostLostError) return !isEnded(this.#state);
      throw error;
    }
  }

  /** The error that the caller gets. */
  #ended(error: unknown, signal: AbortSignal): unknown {
    const isAborted = signal.aborted && signal.reason === error;
    const hasStopped = isAbortError(error) || error instanceof HostLostError;
    const isCanceled = isAborted || (this.#state === 'canceling' && hasStopped);
    const reason = isCanceled && !isAborted ? this.#cancelReason : error;
    this.#end(isCanceled ? 'canceled' : 'failed');
    return reason;
  }

  #end(event: 'completed' | 'canceled' | 'failed'): void {
    this.#move(event);
    this.#finishedMs = this.#member.clock.epochNow();
    this.#progress.end();
    this.#attempts.clear();
  }

  #move(event: ExecutionEvent): boolean {
    const next = nextState(this.#state, event);
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }
}

/** 0: not on its way. */
function requestIdOf({ message }: Attempt): number {
  return message[1] as number;
}

export function mustBePriority(value: unknown): number {
  return mustBeInteger(value, 'priority', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}
