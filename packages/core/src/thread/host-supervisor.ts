/**
 * Starts the host threads, replaces those that end, and closes them.
 *
 * When a thread has ended, in this order and in one turn: the incarnations of its partitions rise, so that nothing
 * meant for them can reach their successors; the main thread and all other hosts take in what it had sent and end
 * their calls to it; listeners hear of it. Then it is started again, at once if it had been healthy, else after a
 * growing pause. A new thread is a new incarnation of the same member with new memory and new ports.
 *
 * Each host is kept alive by a loop of its own, so hosts may die at any time, together or while another restarts.
 */
import { MessageChannel } from 'node:worker_threads';
import pRetry from 'p-retry';
import { HostLostError, InvalidArgumentError } from '../errors/errors.ts';
import type { HostEvents } from '../grid/host-events.ts';
import { callMemoryBytes } from '../mesh/call-memory.ts';
import type { Member } from '../mesh/member.ts';
import type { MemberIdentity } from '../mesh/peer.ts';
import { type MemberId, noSnapshot } from '../mesh/shared-state.ts';
import type { Placement } from '../partition/placement.ts';
import type { ToHost } from './control-messages.ts';
import { settlesWithin } from './deferred.ts';
import type { GridStorage } from './grid-storage.ts';
import { HostRun } from './host-run.ts';
import type { HostStart, HostStorage } from './host-start.ts';
import { connectHosts } from './mesh-wiring.ts';
import { type HostRow, hostRow, type SupervisedHost } from './supervised-host.ts';
import type { ThreadFactory } from './thread-factory.ts';

/** When and how often a host is started again. */
export interface RestartPolicy {
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  readonly inARowMax: number;
  readonly healthyMs: number;
}

export interface SupervisorOptions {
  readonly hostCount: number;
  readonly member: Member;
  readonly placement: Placement;
  readonly threads: ThreadFactory;
  readonly events: HostEvents;
  /** What all hosts are started with. */
  readonly start: Pick<
    HostStart,
    'owners' | 'modules' | 'tables' | 'fingerprint' | 'settings' | 'keepWarmMs'
  >;
  readonly memberMemoryBytes: number;
  readonly startTimeoutMs: number;
  readonly restart: RestartPolicy;
  readonly storage: GridStorage | undefined;
}

export class HostSupervisor {
  readonly #options: SupervisorOptions;
  readonly #hosts: readonly SupervisedHost[];
  readonly #closing = new AbortController();
  #loops: Promise<void>[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#hosts = Array.from({ length: options.hostCount }, (_, host) => ({
      id: host + 1,
      partitions: options.placement.partitionsOf(host + 1),
      incarnation: 0,
      phase: { kind: 'waiting' },
    }));
  }

  rows(): HostRow[] {
    return this.#hosts.map(hostRow);
  }

  /** Starts all hosts at once. If one fails, none is left behind and this throws its error. */
  async start(): Promise<void> {
    try {
      const runs = this.#hosts.map((host) => this.#launch(host));
      await Promise.all(runs.map((run) => run.ready(this.#options.startTimeoutMs)));
      this.#closing.signal.throwIfAborted();
      connectHosts(this.#options.member, [], runs);
      this.#loops = this.#hosts.map((host, position) =>
        this.#keepAlive(host, this.#serving(host, runs[position] as HostRun)),
      );
    } catch (error) {
      await this.#terminateAll();
      throw error;
    }
  }

  /** Kills the thread of a host, as a fault would. Resolves when it is gone. */
  async terminateHost(host: number): Promise<void> {
    const phase = this.#hosts[host]?.phase;
    if (phase === undefined)
      throw new InvalidArgumentError(`there is no host ${host}`, { details: { host } });
    if (phase.kind === 'starting' || phase.kind === 'serving') await phase.run.terminate();
  }

  /** Ends restarts: a host that doesn't serve now never will. */
  stopRestarts(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new HostLostError('the grid is closing'));
    for (const host of this.#hosts) {
      if (host.phase.kind === 'starting') void host.phase.run.terminate();
      if (host.phase.kind !== 'serving') this.#refuseCallsTo(host, 'the grid is closing');
    }
  }

  /** Lets the hosts finish what runs, closes them, and kills those that take too long. No thread is left. */
  async close(deadlineMs: number): Promise<void> {
    this.stopRestarts();
    const remainingMs = (): number => deadlineMs - performance.now();
    this.#tellServing({ type: 'drain' });
    await settlesWithin(Promise.all(this.#servingRuns().map((run) => run.drained())), remainingMs());
    this.#tellServing({ type: 'close' });
    await settlesWithin(Promise.all(this.#servingRuns().map((run) => run.closed())), remainingMs());
    await this.#terminateAll();
    await Promise.all(this.#loops);
  }

  #launch(host: SupervisedHost): HostRun {
    const { member, start, threads, memberMemoryBytes } = this.#options;
    const { shared } = member;
    host.incarnation++;
    const memory = new SharedArrayBuffer(memberMemoryBytes);
    const callMemory = new SharedArrayBuffer(callMemoryBytes);
    const identity: MemberIdentity = { id: host.id, incarnation: host.incarnation, memory, callMemory };
    const control = new MessageChannel();
    const storage = this.#storageFor(identity);
    const payload: HostStart = {
      ...start,
      identity,
      shared: {
        buffer: shared.buffer,
        partitionCount: shared.partitionCount,
        memberCount: shared.memberCount,
      },
      partitions: host.partitions.map((id) => ({ id, incarnation: shared.incarnationOf(id) })),
      control: control.port2,
      storage,
    };
    const ports = storage === undefined ? [control.port2] : [control.port2, storage.peer.port];
    const run = new HostRun(
      identity,
      threads.start(payload, ports),
      control.port1,
      member.errors,
      (done, total) => this.#recovered(host, done, total),
    );
    host.phase = { kind: 'starting', run };
    return run;
  }

  #storageFor(identity: MemberIdentity): HostStorage | undefined {
    const { storage } = this.#options;
    return storage && { membership: storage.membership, peer: storage.connectHost(identity) };
  }

  #recovered(host: SupervisedHost, done: number, total: number): void {
    this.#options.events.emit('recovering', { phase: 'partitions', host: host.id - 1, done, total });
  }

  /** Tells every host that the storage can't be reached any more. */
  storageLost(id: MemberId): void {
    for (const { phase } of this.#hosts) {
      if (phase.kind === 'serving' || phase.kind === 'starting')
        phase.run.send({ type: 'memberLost', member: id, incarnation: 1 });
    }
  }

  #serving(host: SupervisedHost, run: HostRun): HostRun {
    host.phase = { kind: 'serving', run, sinceMs: performance.now() };
    return run;
  }

  /** Lives as long as the host: over all its threads. Never rejects. */
  async #keepAlive(host: SupervisedHost, first: HostRun): Promise<void> {
    const { signal } = this.#closing;
    let started: HostRun | undefined = first;
    while (!signal.aborted) {
      try {
        await pRetry(() => {
          const run = started;
          started = undefined;
          return this.#live(host, run);
        }, this.#retryOptions());
      } catch (error) {
        if (!signal.aborted) this.#giveUp(host, error as Error);
        break;
      }
    }
    if (signal.aborted) host.phase = { kind: 'closed' };
  }

  /** One thread's life. Resolves at the end of a healthy one, throws after a short one or a failed start. */
  async #live(host: SupervisedHost, started: HostRun | undefined): Promise<void> {
    const run = started ?? (await this.#startAgain(host));
    const sinceMs = performance.now();
    const error = await run.ended;
    this.#ended(host, run, error);
    if (performance.now() - sinceMs < this.#options.restart.healthyMs) throw error;
  }

  async #startAgain(host: SupervisedHost): Promise<HostRun> {
    const run = await this.#launchReady(host);
    connectHosts(this.#options.member, this.#servingRuns(), [run]);
    this.#serving(host, run);
    for (const { id, phase } of this.#hosts) {
      if (phase.kind === 'failed')
        run.send({ type: 'memberFailed', member: id, reason: failedReason(phase.error) });
    }
    this.#options.events.emit('partitionsRestored', {
      host: host.id - 1,
      incarnation: run.identity.incarnation,
      partitions: host.partitions,
      dataLost: this.#options.storage === undefined,
    });
    return run;
  }

  async #launchReady(host: SupervisedHost): Promise<HostRun> {
    let run: HostRun | undefined;
    try {
      run = this.#launch(host);
      await run.ready(this.#options.startTimeoutMs);
      this.#closing.signal.throwIfAborted();
      return run;
    } catch (error) {
      await run?.terminate();
      if (run !== undefined) this.#options.storage?.hostLost(host.id, run.identity.incarnation);
      host.phase = { kind: 'waiting' };
      throw retryable(error, host);
    }
  }

  #ended(host: SupervisedHost, run: HostRun, error: Error): void {
    const { member, events, storage } = this.#options;
    const { id, incarnation } = run.identity;
    for (const partition of host.partitions) member.shared.raiseIncarnation(partition);
    member.shared.publishSnapshot(id, noSnapshot);
    host.phase = { kind: 'waiting' };
    member.lose(id, incarnation, error);
    this.#tellServing({ type: 'memberLost', member: id, incarnation });
    storage?.hostLost(id, incarnation);
    if (run.wasClosed) return;
    if (this.#closing.signal.aborted) this.#refuseCallsTo(host, 'the grid is closing');
    else {
      const dataLost = storage === undefined;
      events.emit('partitionsLost', {
        host: id - 1,
        incarnation,
        partitions: host.partitions,
        dataLost,
        error,
      });
    }
  }

  #giveUp(host: SupervisedHost, error: Error): void {
    host.phase = { kind: 'failed', error };
    this.#refuseCallsTo(host, failedReason(error));
    this.#options.events.emit('hostFailed', { host: host.id - 1, partitions: host.partitions, error });
  }

  #refuseCallsTo(host: SupervisedHost, reason: string): void {
    this.#options.member.giveUp(host.id, reason);
    this.#tellServing({ type: 'memberFailed', member: host.id, reason });
  }

  #servingRuns(): HostRun[] {
    return this.#hosts.flatMap(({ phase }) => (phase.kind === 'serving' ? [phase.run] : []));
  }

  #tellServing(message: ToHost): void {
    for (const run of this.#servingRuns()) run.send(message);
  }

  async #terminateAll(): Promise<void> {
    const runs = this.#hosts.flatMap(({ phase }) =>
      phase.kind === 'starting' || phase.kind === 'serving' ? [phase.run] : [],
    );
    await Promise.all(runs.map((run) => run.terminate()));
  }

  #retryOptions(): Parameters<typeof pRetry>[1] {
    const { backoffMs, backoffMsMax, inARowMax } = this.#options.restart;
    return {
      retries: inARowMax,
      minTimeout: backoffMs,
      maxTimeout: backoffMsMax,
      randomize: true,
      signal: this.#closing.signal,
    };
  }
}

function failedReason(error: Error): string {
  return `it could not be started again: ${error.message}`;
}

// A TypeError would end the retries, and something that is no Error would lose its meaning.
function retryable(error: unknown, host: SupervisedHost): Error {
  if (error instanceof Error && !(error instanceof TypeError)) return error;
  return new HostLostError(`host ${host.id - 1} could not be started: ${String(error)}`, { cause: error });
}
