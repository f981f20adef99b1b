/**
 * One request for a job at the thread that runs it: what was asked, by whom, and whether he still waits. Its signal
 * is made when somebody looks at it, so a job that never does costs none.
 */
import type { Branch, Peer, TransactionRef } from '@troupe/core';
import type { ExecutionId } from './execution.ts';
import type { QueueEntry } from './job-queue.ts';
import type { JobOp, JobPlace } from './messages.ts';

/** `queued`: may still leave without having run. `executing`: its body has begun. */
export type HostedJobState = 'queued' | 'executing' | 'ended';

export class HostedJob implements QueueEntry<HostedJob> {
  previous: HostedJob | undefined = undefined;
  next: HostedJob | undefined = undefined;
  state: HostedJobState = 'queued';
  readonly from: Peer;
  readonly op: JobOp;
  readonly requestId: number;
  /** The number of the definition. */
  readonly definition: number;
  readonly execution: ExecutionId;
  readonly attempt: number;
  /** The caller wants to know when it starts. */
  readonly watched: boolean;
  /** The job's alone. */
  readonly args: unknown;
  readonly place: JobPlace;
  /** The transaction it is part of. */
  readonly transaction: TransactionRef | undefined;
  /** Its part in that, once it has begun. */
  branch: Branch | undefined;
  #controller: AbortController | undefined;
  #cancelReason: Error | undefined;

  constructor(message: readonly unknown[], from: Peer) {
    this.from = from;
    this.op = message[0] as JobOp;
    this.requestId = message[1] as number;
    this.definition = message[2] as number;
    this.execution = message[3] as ExecutionId;
    this.attempt = message[4] as number;
    this.watched = message[5] === 1;
    this.args = message[6];
    this.place = message[7] as JobPlace;
    this.transaction = message[8] as TransactionRef | undefined;
  }

  get cancelled(): boolean {
    return this.#cancelReason !== undefined;
  }

  throwIfCancelled(): void {
    if (this.#cancelReason !== undefined) throw this.#cancelReason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelReason !== undefined) this.#controller.abort(this.#cancelReason);
    }
    return this.#controller.signal;
  }

  /** Nobody waits for it any more. */
  cancel(reason: Error): void {
    if (this.cancelled) return;
    this.#cancelReason = reason;
    this.#controller?.abort(reason);
    this.branch?.end(reason);
  }
}
