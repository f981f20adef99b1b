/**
 * Runs the jobs that arrive at one thread: queues them, starts them, answers with what comes of them. What the body of
 * a job is, and what happens to its result, is the business of the `JobBody` handed in.
 *
 * A synchronous job touches no promise and, when nothing waits, is answered in the turn its message arrives in. While
 * jobs wait or run the member counts as at work, so closing the grid waits for them.
 */
import {
  GridClosedError,
  type JoinedTransactions,
  type Member,
  OverloadedError,
  type Peer,
} from '@troupe/core';
import type { RunnerPorts } from './event-loop-ports.ts';
import type { HostedJob } from './hosted-job.ts';
import { JobQueue } from './job-queue.ts';
import { jobSliceMs } from './limits.ts';
import { ComputeOp } from './messages.ts';
import { OpenJobs } from './open-jobs.ts';
import { isPromiseLike } from './promise-like.ts';

/** The member of the main thread. */
const serviceMember = 0;

export interface JobBody {
  /** Begins the job; may throw. */
  run(job: HostedJob): unknown;
  /** What is sent of the result: the caller's alone. May throw. */
  answer(job: HostedJob, result: unknown): unknown;
}

export interface JobRunnerOptions {
  readonly member: Member;
  readonly body: JobBody;
  readonly concurrency: number;
  readonly queueMax: number;
  readonly ports: RunnerPorts;
  /** Lets jobs that transactions run be part of them. */
  readonly joins?: JoinedTransactions | undefined;
  /** Where the queue is, for the error when it is full: `host 1`. */
  readonly place: string;
}

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #member: Member;
  /** Jobs of the service take turns; see `#queueOf`. */
  readonly #queue: JobQueue<HostedJob>;
  readonly #nested: JobQueue<HostedJob>;
  readonly #jobs = new OpenJobs();
  #open = 0;
  #closed = false;
  #drained: (() => void)[] = [];
  /** Keeps the member open while there are jobs. */
  #release: (() => void) | undefined;

  constructor(options: JobRunnerOptions) {
    const { concurrency, queueMax, ports } = options;
    const start = (job: HostedJob): void => this.#start(job);
    this.#options = options;
    this.#member = options.member;
    const queue = { lengthMax: queueMax, sliceMs: jobSliceMs, ports, start };
    this.#queue = new JobQueue({ ...queue, concurrency });
    this.#nested = new JobQueue({ ...queue, concurrency: queueMax });
  }

  /** Jobs that wait or are under way. */
  get open(): number {
    return this.#open;
  }

  accept(job: HostedJob): void {
    const { from, requestId } = job;
    if (this.#closed) {
      this.#member.fail(
        from,
        requestId,
        new GridClosedError('the grid is closing; the job was not taken in'),
      );
      return;
    }
    this.#open++;
    this.#release ??= this.#beginWork();
    if (!this.#queueOf(job).add(job)) {
      this.#finished();
      this.#member.fail(from, requestId, this.#full());
    } else if (job.state !== 'ended') this.#jobs.add(job);
  }

  /** The caller of a request has stopped waiting. */
  cancelled(requestId: number, from: Peer): void {
    const job = this.#jobs.find(from, requestId);
    if (job !== undefined) this.#drop(job, 'the caller of this job has stopped waiting for it');
  }

  peerLost(peer: Peer): void {
    for (const job of this.#jobs.takeAll(peer)) this.#drop(job, 'the caller of this job is gone');
  }

  /** Takes in nothing more; what waits is refused with GRID_CLOSED, what runs is told. */
  close(): void {
    this.#closed = true;
    for (const job of this.#jobs.all()) {
      const isQueued = job.state === 'queued';
      this.#drop(job, 'the grid is closed');
      if (isQueued) {
        this.#member.fail(
          job.from,
          job.requestId,
          new GridClosedError('the grid was closed before this job began'),
        );
      }
    }
  }

  /** Resolves when no job waits or is under way. */
  async idle(): Promise<void> {
    while (this.#open > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  /**
   * What another host asks for, something there waits for, perhaps a job: it doesn't stand in line behind jobs of the
   * service, or jobs that wait for their children would keep the places the children need. Nor does a part of a
   * transaction: those ahead of it may wait for its locks.
   */
  #queueOf(job: HostedJob): JobQueue<HostedJob> {
    const isOwn = job.from.id === serviceMember && job.transaction === undefined;
    return isOwn ? this.#queue : this.#nested;
  }

  #drop(job: HostedJob, reason: string): void {
    if (job.state === 'queued') {
      this.#queueOf(job).remove(job);
      this.#forget(job);
    } else job.cancel(new DOMException(reason, 'AbortError'));
  }

  #start(job: HostedJob): void {
    job.state = 'executing';
    if (job.watched) this.#member.sendProtocol(job.from, [ComputeOp.started, job.execution]);
    let result: unknown;
    try {
      result = this.#options.ports.detached(() => this.#run(job));
    } catch (error) {
      this.#failed(job, error);
      return;
    }
    if (!isPromiseLike(result)) this.#completed(job, result);
    else {
      Promise.resolve(result).then(
        (value) => this.#completed(job, value),
        (error: unknown) => this.#failed(job, error),
      );
    }
  }

  #run(job: HostedJob): unknown {
    const { body, joins } = this.#options;
    if (job.transaction === undefined || joins === undefined) return body.run(job);
    job.branch = joins.open(job.transaction);
    return job.branch.run('the job', () => body.run(job));
  }

  #completed(job: HostedJob, result: unknown): void {
    let answer: unknown;
    try {
      answer = this.#options.body.answer(job, result);
    } catch (error) {
      this.#failed(job, error);
      return;
    }
    this.#member.replyOwned(job.from, job.requestId, answer);
    this.#ended(job);
  }

  #failed(job: HostedJob, error: unknown): void {
    this.#member.fail(job.from, job.requestId, error);
    this.#ended(job);
  }

  #ended(job: HostedJob): void {
    this.#forget(job);
    this.#queueOf(job).ended();
  }

  #forget(job: HostedJob): void {
    job.state = 'ended';
    this.#jobs.delete(job);
    this.#finished();
  }

  #finished(): void {
    if (--this.#open > 0) return;
    this.#release?.();
    this.#release = undefined;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Undefined when the grid closes already: then the job runs for as long as the close waits for others. */
  #beginWork(): (() => void) | undefined {
    try {
      return this.#member.work.begin();
    } catch {
      return undefined;
    }
  }

  #full(): OverloadedError {
    const { place, queueMax } = this.#options;
    return new OverloadedError(
      'QUEUE_FULL',
      `${queueMax} jobs wait on ${place} already; await earlier ones before starting more`,
      {
        details: { place, queueMax },
      },
    );
  }
}
