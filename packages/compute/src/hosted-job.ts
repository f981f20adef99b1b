/**
 * One request for a job at the thread that runs it: what was asked, by whom, whether he still waits, and when what
 * happened. Its signal is made when somebody looks at it, so a job that never does costs none; what only some jobs
 * need is set when they do.
 */
import {
  type Branch,
  contextOfMessage,
  type Peer,
  type RequestContext,
  type Snapshot,
  type StreamOutflow,
  type TransactionRef,
} from '@troupe/core';
import type { ExecutionId } from './execution.ts';
import { type ExecutionEvent, type ExecutionState, isEnded, nextState } from './execution-state.ts';
import type { QueueEntry } from './job-queue.ts';
import type { JobOp, JobPlace, JobTerms } from './messages.ts';
import type { ProgressReports } from './progress-reports.ts';

export class HostedJob implements QueueEntry<HostedJob> {
  previous: HostedJob | undefined = undefined;
  next: HostedJob | undefined = undefined;
  priority: number;
  readonly from: Peer;
  readonly op: JobOp;
  readonly requestId: number;
  /** The number of the definition. */
  readonly definition: number;
  readonly execution: ExecutionId;
  readonly attempt: number;
  /** The caller follows it: wants to know when it starts, and how far it is. */
  readonly watched: boolean;
  readonly place: JobPlace;
  /** The transaction it is part of. */
  readonly transaction: TransactionRef | undefined;
  /** Of a map: it reports partitions that fail and maps the others. */
  readonly keepsGoing: boolean;
  /** The context of the request that led to it. Gone when it has ended. */
  context: RequestContext | undefined;
  /** Its part in that, once it has begun. */
  branch: Branch | undefined = undefined;
  /** The job's alone. Gone when it has ended. */
  args: unknown;
  /** Whole milliseconds, which cost no memory, on the clock of the runner; 0: not yet, or at once with the next. */
  createdMs = 0;
  startedMs = 0;
  endedMs = 0;
  /** It goes on after its start. */
  isAsync = false;
  /** Its slot on the board while it waits for something. */
  boardSlot = 0;
  /** Of a watched job that has reported something. */
  reports: ProgressReports | undefined = undefined;
  /** Of a stream that has begun. */
  outflow: StreamOutflow | undefined = undefined;
  /** Of a job that reads one, from its first read. */
  snapshot: Snapshot | undefined = undefined;
  #state: ExecutionState = 'queued';
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
    const terms = message[8] as JobTerms | undefined;
    this.priority = terms?.priority ?? 0;
    this.transaction = terms?.transaction;
    this.keepsGoing = terms?.keepGoing === true;
    this.context = contextOfMessage(terms?.context);
  }

  get state(): ExecutionState {
    return this.#state;
  }

  get ended(): boolean {
    return isEnded(this.#state);
  }

  /** Moves on, if the event means something in its state. */
  moved(event: ExecutionEvent): void {
    this.#state = nextState(this.#state, event) ?? this.#state;
  }

  /** The caller has canceled it, as this thread has been told or as his memory says. */
  get cancelled(): boolean {
    return this.#cancelReason !== undefined || this.from.calls?.cancels.isRaised(this.requestId) === true;
  }

  throwIfCancelled(): void {
    if (!this.cancelled) return;
    // His memory may have said so before this thread is told: what is tidied up now must see the signal aborted.
    this.cancel(cancelError('the caller of this job has canceled it'));
    throw this.#cancelReason as Error;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.cancelled)
        this.#controller.abort(this.#cancelReason ?? cancelError('the caller of this job has canceled it'));
    }
    return this.#controller.signal;
  }

  /** It is to stop. */
  cancel(reason: Error): void {
    if (this.#cancelReason !== undefined) return;
    this.#cancelReason = reason;
    this.moved('cancel');
    this.#controller?.abort(reason);
    this.outflow?.stop();
    this.branch?.end(reason);
  }
}

export function cancelError(text: string): DOMException {
  return new DOMException(text, 'AbortError');
}
