/**
 * Runs the jobs that arrive at one thread: queues them, starts them, answers with what comes of them. What the body of
 * a job is, and what happens to its result, is the business of the `JobBody` handed in.
 *
 * A synchronous job touches no promise and, when nothing waits, is answered in the turn its message arrives in. While
 * jobs wait or run the member counts as at work, so closing the grid waits for them.
 */
import {
  type CallFacts,
  currentContext,
  GridClosedError,
  isPromiseLike,
  type JoinedTransactions,
  type Member,
  OverloadedError,
  type Peer,
  RequestBook,
  runCalled,
  type WorkBoard,
} from '@troupe/core';
import { boardNumberOf } from './board-number.ts';
import { EndedJobs } from './ended-jobs.ts';
import type { RunnerPorts } from './event-loop-ports.ts';
import { cancelError, type HostedJob } from './hosted-job.ts';
import { isAbortError } from './is-abort-error.ts';
import { JobQueue } from './job-queue.ts';
import { jobSliceMs, statesKeptMax, streamsMax } from './limits.ts';
import { ComputeOp } from './messages.ts';

/** The member of the main thread. */
const serviceMember = 0;

export interface JobBody {
  /** Begins the job; may throw. */
  run(job: HostedJob): unknown;
  /** The name of its definition. */
  nameOf(job: HostedJob): string;
  /** What is sent of the result: the caller's alone. May throw. */
  answer(job: HostedJob, result: unknown): unknown;
}

export interface JobRunnerOptions {
  readonly member: Member;
  readonly body: JobBody;
  readonly concurrency: number;
  readonly queueMax: number;
  readonly ports: RunnerPorts;
  /** How long a job that has ended is listed. */
  readonly statesKeptMs: number;
  /** Lets jobs that transactions run be part of them. */
  readonly joins?: JoinedTransactions | undefined;
  /** Where the queue is, for the error when it is full: `host 1`. */
  readonly place: string;
  /** Where others see what the thread is in; undefined when jobs run elsewhere. */
  readonly board?: WorkBoard | undefined;
}

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #member: Member;
  /** Jobs of the service take turns; see `#queueOf`. */
  readonly #queue: JobQueue<HostedJob>;
  readonly #nested: JobQueue<HostedJob>;
  readonly #streams: JobQueue<HostedJob>;
  readonly #jobs = new RequestBook<HostedJob>();
  readonly #ended: EndedJobs;
  #open = 0;
  #closed = false;
  #drained: (() => void)[] = [];
  /** Keeps the member open while there are jobs. */
  #release: (() => void) | undefined;

  constructor(options: JobRunnerOptions) {
    const { concurrency, queueMax, ports } = options;
    const start = (job: HostedJob, nowMs: number): void => this.#start(job, nowMs);
    this.#options = options;
    this.#member = options.member;
    const queue = { lengthMax: queueMax, sliceMs: jobSliceMs, ports, start, begun: endedAt };
    this.#queue = new JobQueue({ ...queue, concurrency });
    this.#nested = new JobQueue({ ...queue, concurrency: queueMax });
    this.#streams = new JobQueue({ ...queue, concurrency: streamsMax });
    this.#ended = new EndedJobs(options.statesKeptMs, statesKeptMax);
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
    } else if (!job.ended) {
      if (job.state === 'queued') job.createdMs = Math.floor(this.#options.ports.now());
      this.#jobs.add(job);
    }
  }

  /** The job of a request, if it waits or is under way here. */
  tryFind(requestId: number, from: Peer): HostedJob | undefined {
    return this.#jobs.get(from, requestId);
  }

  /** Jobs that wait or are under way, and those that have ended lately. */
  list(): HostedJob[] {
    return [...this.#jobs.all(), ...this.#ended.at(this.#options.ports.now())];
  }

  /** The caller of a request has stopped waiting. */
  cancelled(requestId: number, from: Peer): void {
    const job = this.#jobs.get(from, requestId);
    if (job !== undefined) this.#stop(job, cancelError('the caller of this job has stopped waiting for it'));
  }

  /** The caller of a request wants its job to stop, and waits for how it ends. */
  stop(requestId: number, from: Peer): void {
    const job = this.#jobs.get(from, requestId);
    if (job === undefined) return;
    const isQueued = job.state === 'queued';
    const reason = cancelError('the caller of this job has canceled it');
    this.#stop(job, reason);
    if (isQueued) this.#member.fail(from, requestId, reason);
  }

  /** False when the job waits no more. */
  prioritize(requestId: number, from: Peer, priority: number): boolean {
    const job = this.#jobs.get(from, requestId);
    if (job?.state !== 'queued') return false;
    this.#queueOf(job).changePriority(job, priority);
    return true;
  }

  peerLost(peer: Peer): void {
    for (const job of this.#jobs.takeAll(peer))
      this.#stop(job, cancelError('the caller of this job is gone'));
  }

  /** Takes in nothing more; what waits is refused with GRID_CLOSED, what runs is told. */
  close(): void {
    this.#closed = true;
    for (const job of this.#jobs.all()) {
      const isQueued = job.state === 'queued';
      this.#stop(job, cancelError('the grid is closed'));
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
   * transaction: those ahead of it may wait for its locks. Nor do streams take such places, for most of the time they
   * wait for their readers.
   */
  #queueOf(job: HostedJob): JobQueue<HostedJob> {
    if (job.op === ComputeOp.stream) return this.#streams;
    const isOwn = job.from.id === serviceMember && job.transaction === undefined;
    return isOwn ? this.#queue : this.#nested;
  }

  #stop(job: HostedJob, reason: Error): void {
    if (job.state === 'queued') {
      this.#queueOf(job).remove(job);
      job.moved('canceled');
      this.#forget(job);
    } else job.cancel(reason);
  }

  #start(job: HostedJob, nowMs: number): void {
    if (job.cancelled) {
      this.#failed(job, cancelError('the caller of this job has canceled it before it began'));
      return;
    }
    job.startedMs = Math.floor(nowMs);
    job.moved('started');
    if (job.watched) this.#member.sendProtocol(job.from, [ComputeOp.started, job.execution]);
    const { board } = this.#options;
    const outer = board?.enter(job.execution, boardNumberOf(job)) ?? 0;
    let result: unknown;
    try {
      result = this.#options.ports.detached(() => this.#runInContext(job));
    } catch (error) {
      board?.leave(outer);
      this.#failed(job, error);
      return;
    }
    board?.leave(outer);
    if (!isPromiseLike(result)) this.#completed(job, result);
    else {
      job.isAsync = true;
      if (board !== undefined) job.boardSlot = board.add(job.execution, boardNumberOf(job));
      Promise.resolve(result).then(
        (value) => this.#completed(job, value),
        (error: unknown) => this.#failed(job, error),
      );
    }
  }

  #runInContext(job: HostedJob): unknown {
    const { tracer } = this.#member;
    const isBare = job.context === undefined && currentContext() === undefined;
    if (isBare && tracer === undefined) return this.#run(job);
    const called = { kind: 'job', name: this.#options.body.nameOf(job) } as const;
    const facts = (): CallFacts => ({
      'troupe.place': this.#options.place,
      ...(job.createdMs === 0 ? undefined : { 'troupe.queue.wait_ms': job.startedMs - job.createdMs }),
    });
    return runCalled(this.#member, called, job.context, facts, () => this.#run(job));
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
    job.reports?.flush();
    this.#member.replyOwned(job.from, job.requestId, answer);
    job.moved('completed');
    this.#leave(job);
  }

  #failed(job: HostedJob, error: unknown): void {
    job.reports?.flush();
    this.#member.fail(job.from, job.requestId, error);
    job.moved(isAbortError(error) && job.cancelled ? 'canceled' : 'failed');
    this.#leave(job);
  }

  #leave(job: HostedJob): void {
    if (job.boardSlot !== 0) this.#options.board?.remove(job.boardSlot);
    this.#forget(job);
    this.#queueOf(job).ended();
  }

  #forget(job: HostedJob): void {
    // One that ends within its start is given its time by the queue, which looks at the clock anyway.
    if (job.isAsync || job.startedMs === 0) job.endedMs = Math.floor(this.#options.ports.now());
    job.args = undefined;
    job.context = undefined;
    job.snapshot?.release();
    this.#ended.add(job);
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

function endedAt(job: HostedJob, nowMs: number): void {
  if (job.ended && job.endedMs === 0) job.endedMs = Math.floor(nowMs);
}
