/**
 * One thread of one host as the main thread sees it, from start to end: a successor is another HostRun. It turns
 * control messages and the thread's end into promises, of which `ended` comes last and says the best-known reason.
 * Nothing here decides anything; that is the supervisor's.
 */
import type { MessagePort, Transferable } from 'node:worker_threads';
import { neverReached } from '../assert.ts';
import { type ErrorRegistry, errorFromWire } from '../errors/error-codec.ts';
import { HostLostError, ModuleLoadError, TimeoutError, type TroupeError } from '../errors/errors.ts';
import type { RecoveryListener } from '../grid/core-member.ts';
import { importGraceMs } from '../limits.ts';
import { type WatchedPort, watchPort } from '../link/port-link.ts';
import type { MemberIdentity } from '../mesh/peer.ts';
import type { ToHost, ToMain } from './control-messages.ts';
import { deferred, settlesWithin } from './deferred.ts';
import type { HostThread, ThreadEnd } from './thread-factory.ts';

export class HostRun {
  readonly identity: MemberIdentity;
  readonly threadId: number;
  /** Resolves when the thread really has ended, with the reason. Never rejects. */
  readonly ended: Promise<TroupeError>;
  readonly #thread: HostThread;
  readonly #control: MessagePort;
  readonly #inbox: WatchedPort;
  readonly #errors: ErrorRegistry;
  readonly #imported = deferred<void>();
  readonly #ready = deferred<void>();
  readonly #drained = deferred<void>();
  readonly #closed = deferred<void>();
  #importing: string | undefined;
  #unhandled: { readonly error: unknown } | undefined;
  #wasClosed = false;
  /** Partitions read back. */
  #recovered = 0;
  readonly #progress: RecoveryListener;

  constructor(
    identity: MemberIdentity,
    thread: HostThread,
    control: MessagePort,
    errors: ErrorRegistry,
    progress: RecoveryListener,
  ) {
    this.identity = identity;
    this.threadId = thread.threadId;
    this.#thread = thread;
    this.#control = control;
    this.#errors = errors;
    this.#progress = progress;
    this.#inbox = watchPort<ToMain>(control, (message) => this.#receive(message));
    this.ended = thread.ended.then((end) => this.#end(end));
  }

  /** The host has closed in good order; its end is no loss. */
  get wasClosed(): boolean {
    return this.#wasClosed;
  }

  /**
   * Resolves when the host may be connected. Rejects with why it never will, at the latest when it has made no progress
   * for `timeoutMs`: partitions that are read back may be large.
   */
  async ready(timeoutMs: number): Promise<void> {
    for (;;) {
      const before = this.#recovered;
      if (await settlesWithin(this.#ready.promise, timeoutMs)) break;
      if (this.#recovered === before) throw this.#notReady(timeoutMs);
    }
    await this.#ready.promise;
  }

  send(message: ToHost, transferList: readonly Transferable[] = []): void {
    this.#control.postMessage(message, transferList);
  }

  /** Resolves when the host has nothing running, or has ended. */
  drained(): Promise<void> {
    return this.#drained.promise;
  }

  /** Resolves when the host has closed its links, or has ended. */
  closed(): Promise<void> {
    return this.#closed.promise;
  }

  /**
   * Kills the thread if it still runs; resolves when it is gone. One that still imports its modules gets a moment to end
   * that: Node 20 aborts the process when a thread is killed while it links them.
   */
  async terminate(): Promise<void> {
    await settlesWithin(this.#imported.promise, importGraceMs);
    await this.#thread.terminate();
    await this.ended;
  }

  #receive(message: ToMain): void {
    switch (message.type) {
      case 'importing':
        this.#importing = message.module;
        break;
      case 'recovered':
        this.#importing = undefined;
        this.#imported.resolve();
        this.#recovered = message.done;
        this.#progress(message.done, message.total);
        break;
      case 'ready':
        this.#importing = undefined;
        this.#imported.resolve();
        this.#ready.resolve();
        break;
      case 'failed':
        this.#imported.resolve();
        this.#ready.reject(errorFromWire(message.error, this.#errors));
        break;
      case 'unhandled':
        this.#unhandled = { error: errorFromWire(message.error, this.#errors) };
        break;
      case 'drained':
        this.#drained.resolve();
        break;
      case 'closed':
        this.#wasClosed = true;
        this.#closed.resolve();
        break;
      default:
        neverReached(message, 'a control message');
    }
  }

  /** Takes in the last words of the thread, which may not have been delivered yet, and settles what still waits. */
  #end(end: ThreadEnd): TroupeError {
    this.#inbox.drain();
    this.#inbox.close();
    const error = this.#reason(end);
    this.#imported.resolve();
    this.#ready.reject(error);
    this.#drained.resolve();
    this.#closed.resolve();
    return error;
  }

  #reason(end: ThreadEnd): TroupeError {
    const host = this.identity.id - 1;
    const details = { host, incarnation: this.identity.incarnation };
    const [how, cause] = howItEnded(end, this.#unhandled);
    const importing = this.#importing;
    if (importing !== undefined) {
      return new ModuleLoadError(`host ${host} ended while it imported ${importing}: ${how}`, {
        ...(cause === undefined ? {} : { cause: cause.error }),
        details: { ...details, module: importing },
      });
    }
    return new HostLostError(`the thread of host ${host} has ended: ${how}`, {
      ...(cause === undefined ? {} : { cause: cause.error }),
      details,
    });
  }

  #notReady(timeoutMs: number): Error {
    const host = this.identity.id - 1;
    const module = this.#importing;
    if (module === undefined) {
      return new TimeoutError(`host ${host} was not ready within ${timeoutMs} ms`, {
        details: { host, timeoutMs },
      });
    }
    return new ModuleLoadError(
      `host ${host} was still importing ${module} after ${timeoutMs} ms. Does it wait for something at its top level that never comes on a host's thread? If it is only slow, raise \`startTimeoutMs\``,
      { details: { host, module, timeoutMs } },
    );
  }
}

interface Cause {
  readonly error: unknown;
}

function howItEnded(
  end: ThreadEnd,
  unhandled: Cause | undefined,
): readonly [how: string, cause: Cause | undefined] {
  switch (end.kind) {
    case 'terminated':
      return ['it was terminated', unhandled];
    case 'exited':
      return [`process.exit(${end.exitCode}) was called on it`, unhandled];
    case 'failed': {
      // The thread's own report kept the class of the error; the event of the Worker only has a copy.
      const cause = unhandled ?? { error: end.error };
      return [`an error was thrown that nobody caught: ${String(cause.error)}`, cause];
    }
    default:
      return neverReached(end, 'the end of a thread');
  }
}
