/** A running grid without its layers: what was wired, the hosts, their events, and the end. */

import { mustBe, mustBePositive } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { storageCloseMsMin } from '../limits.ts';
import type { Member } from '../mesh/member.ts';
import type { RetentionFloor } from '../partition/retention-floor.ts';
import { settlesWithin } from '../thread/deferred.ts';
import type { GridStorage } from '../thread/grid-storage.ts';
import type { HostSupervisor } from '../thread/host-supervisor.ts';
import type { HostRow } from '../thread/supervised-host.ts';
import type { CoreMember } from './core-member.ts';
import type { GridEventName, GridEvents, HostEvents } from './host-events.ts';
import type { InlineHosts } from './inline-hosts.ts';

type Hosts =
  | { readonly kind: 'inline'; readonly inline: InlineHosts }
  | { readonly kind: 'threads'; readonly supervisor: HostSupervisor };

interface GridParts<Api> {
  readonly api: Api;
  readonly core: CoreMember;
  readonly events: HostEvents;
  readonly hosts: Hosts;
  readonly closeTimeoutMs: number;
  readonly retention: RetentionFloor | undefined;
  readonly storage: GridStorage | undefined;
}

export class CoreGrid<Api> {
  /** What the wiring made for the client member. */
  readonly api: Api;
  readonly core: CoreMember;
  readonly #events: HostEvents;
  readonly #hosts: Hosts;
  readonly #closeTimeoutMs: number;
  readonly #retention: RetentionFloor | undefined;
  readonly #storage: GridStorage | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: GridParts<Api>) {
    this.api = parts.api;
    this.core = parts.core;
    this.#events = parts.events;
    this.#hosts = parts.hosts;
    this.#closeTimeoutMs = parts.closeTimeoutMs;
    this.#retention = parts.retention;
    this.#storage = parts.storage;
  }

  on<Name extends GridEventName>(event: Name, listener: (details: GridEvents[Name]) => void): this {
    this.#events.on(event, listener);
    return this;
  }

  off<Name extends GridEventName>(event: Name, listener: (details: GridEvents[Name]) => void): this {
    this.#events.off(event, listener);
    return this;
  }

  /** Tells listeners, and the diagnostics channel, of something that a layer has noticed. */
  emit<Name extends GridEventName>(event: Name, details: GridEvents[Name]): void {
    this.#events.emit(event, details);
  }

  /** The hosts as they are now. */
  hosts(): HostRow[] {
    return this.#hosts.kind === 'inline' ? this.#hosts.inline.rows() : this.#hosts.supervisor.rows();
  }

  /** Kills the thread of a host as a fault would, to test what a fault does. Resolves when the thread is gone. */
  async terminateHost(host: number): Promise<void> {
    if (this.#hosts.kind === 'inline') this.#hosts.inline.terminate(host);
    else await this.#hosts.supervisor.terminateHost(host);
  }

  /**
   * Copies everything that is stored to a folder that isn't there yet, as it is at one moment, while the grid goes on.
   * Rejects with INVALID_ARGUMENT without storage, and with a StorageError.
   */
  async backup(path: string): Promise<void> {
    if (this.#storage === undefined)
      throw new InvalidArgumentError(
        'backup needs a grid with `storage`: without it there is nothing to copy',
      );
    mustBe(typeof path === 'string' && path.length > 0, 'path', 'the path of a folder', path);
    await this.#storage.backup(path);
  }

  /**
   * Refuses new calls at once (GRID_CLOSED), lets what runs finish within the time given, then ends all threads. The
   * same promise whenever it is called again. Never rejects.
   */
  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    const timeoutMs =
      options.timeoutMs === undefined ? this.#closeTimeoutMs : mustBePositive(options.timeoutMs, 'timeoutMs');
    this.#closing ??= this.#close(this.core.member.clock.now() + timeoutMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    const { member } = this.core;
    const hosts = this.#hosts;
    member.stopAccepting();
    this.#retention?.stop();
    if (hosts.kind === 'threads') hosts.supervisor.stopRestarts();
    else hosts.inline.stopRestarts();
    // Out of time: what still waits is told so before the threads it waits for are gone.
    if (!(await idleUntil(member, deadlineMs))) member.close();
    if (hosts.kind === 'threads') await hosts.supervisor.close(deadlineMs);
    else await hosts.inline.close(deadlineMs);
    member.close();
    // Last, and given time in any case: what was acknowledged without a flush still needs one.
    await this.#storage?.close(Math.max(deadlineMs, performance.now() + storageCloseMsMin));
    this.#events.removeAll();
  }
}

function idleUntil(member: Member, deadlineMs: number): Promise<boolean> {
  const { clock } = member;
  return settlesWithin(member.idle(), deadlineMs - clock.now(), clock);
}
