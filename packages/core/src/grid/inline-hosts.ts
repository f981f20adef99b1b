/**
 * Hosts on the thread of the service, each a member of its own, reached through links in memory: the one of a grid with
 * `threads: 0`, or several in the world of a test.
 *
 * A host that is terminated ends as a thread does, in the same order: the incarnations of its partitions rise, the
 * client takes in what it had sent and ends its calls, listeners and the other hosts are told, and its successor serves
 * when all of them know. Its own code is told nothing and never goes on.
 */
import { HostLostError, InvalidArgumentError } from '../errors/errors.ts';
import { callMemoryBytes } from '../mesh/call-memory.ts';
import type { Member } from '../mesh/member.ts';
import type { MemberIdentity } from '../mesh/peer.ts';
import { type MemberId, noSnapshot, type PartitionId } from '../mesh/shared-state.ts';
import { OwnedPartitions } from '../partition/partition.ts';
import { settlesWithin } from '../thread/deferred.ts';
import type { GridStorage } from '../thread/grid-storage.ts';
import type { HostRow } from '../thread/supervised-host.ts';
import type { CoreMember, Wired, WireMember } from './core-member.ts';
import type { HostEvents } from './host-events.ts';
import { connectInMemory, type InlineWorld } from './inline-world.ts';

export interface InlineHostsParts {
  readonly client: CoreMember;
  readonly wire: WireMember<Wired>;
  readonly memoryBytes: number;
  readonly events: HostEvents;
  readonly world: InlineWorld;
  readonly storage: GridStorage | undefined;
}

interface InlineHost {
  readonly id: MemberId;
  readonly partitions: readonly PartitionId[];
  incarnation: number;
  /** Undefined between two lives. */
  member: Member | undefined;
}

export class InlineHosts {
  readonly #parts: InlineHostsParts;
  readonly #hosts: readonly InlineHost[];
  #closing = false;

  constructor(parts: InlineHostsParts) {
    const { client, world } = parts;
    this.#parts = parts;
    this.#hosts = Array.from({ length: world.hostCount }, (_, host) => ({
      id: host + 1,
      partitions: client.placement.partitionsOf(host + 1),
      incarnation: 0,
      member: undefined,
    }));
  }

  /** Makes all hosts and connects everybody with everybody. Resolves when their partitions are there. */
  async start(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => this.#launch(host)));
  }

  rows(): HostRow[] {
    return this.#hosts.map(({ id, incarnation, member, partitions }) => ({
      host: id - 1,
      threadId: undefined,
      incarnation,
      state: member === undefined ? 'restarting' : member.closed ? 'closed' : 'serving',
      partitions,
    }));
  }

  /** Ends a host as the death of its thread would. Throws InvalidArgumentError where none can die. */
  terminate(hostNumber: number): void {
    if (!this.#parts.world.hostsMayDie) {
      throw new InvalidArgumentError('a grid with `threads: 0` has no thread that could be terminated');
    }
    const host = this.#hosts[hostNumber];
    if (host === undefined)
      throw new InvalidArgumentError(`there is no host ${hostNumber}`, { details: { host: hostNumber } });
    if (host.member === undefined || this.#closing) return;
    void this.#replace(host, this.#end(host, host.member));
  }

  /** Lets the hosts finish what runs until the deadline, and closes them. */
  async close(deadlineMs: number): Promise<void> {
    this.stopRestarts();
    const { clock } = this.#parts.client.member;
    const members = this.#serving();
    for (const member of members) member.stopAccepting();
    const idle = Promise.all(members.map((member) => member.idle()));
    await settlesWithin(idle, deadlineMs - clock.now(), clock);
    for (const member of members) member.close();
  }

  /** A host that doesn't serve now never will. */
  stopRestarts(): void {
    this.#closing = true;
    for (const { id, member } of this.#hosts) {
      if (member !== undefined) continue;
      for (const other of this.#everybody()) other.giveUp(id, 'the grid is closing');
    }
  }

  #serving(): Member[] {
    return this.#hosts.flatMap(({ member }) => (member === undefined ? [] : [member]));
  }

  #everybody(): Member[] {
    return [this.#parts.client.member, ...this.#serving()];
  }

  async #launch(host: InlineHost): Promise<void> {
    const { client, wire, world, memoryBytes, storage, events } = this.#parts;
    const { member: main, definitions, placement, settings } = client;
    host.incarnation++;
    const identity: MemberIdentity = {
      id: host.id,
      incarnation: host.incarnation,
      memory: new SharedArrayBuffer(memoryBytes),
      callMemory: new SharedArrayBuffer(callMemoryBytes),
    };
    const member = world.makeMember(identity, main.shared, main.errors);
    storage?.connectInline(member);
    const { opened } = wire(
      {
        member,
        isHost: true,
        definitions,
        placement,
        owned: new OwnedPartitions(),
        assigned: host.partitions.map((id) => ({ id, incarnation: main.shared.incarnationOf(id) })),
        settings,
        storage: client.storage,
      },
      (done, total) => events.emit('recovering', { phase: 'partitions', host: host.id - 1, done, total }),
    );
    await opened;
    for (const other of this.#everybody()) connectInMemory(other, member, world);
    host.member = member;
  }

  #end(host: InlineHost, member: Member): HostLostError {
    const { client, world, events, storage } = this.#parts;
    const { id, incarnation, partitions } = host;
    const error = new HostLostError(`host ${id - 1} was terminated`, {
      details: { host: id - 1, incarnation },
    });
    world.ended(member);
    member.halt();
    host.member = undefined;
    for (const partition of partitions) client.member.shared.raiseIncarnation(partition);
    client.member.shared.publishSnapshot(id, noSnapshot);
    client.member.lose(id, incarnation, error);
    storage?.hostLost(id, incarnation);
    const dataLost = storage === undefined;
    events.emit('partitionsLost', { host: id - 1, incarnation, partitions, dataLost, error });
    return error;
  }

  async #replace(host: InlineHost, error: HostLostError): Promise<void> {
    const { client, world, events, storage } = this.#parts;
    const { clock } = client.member;
    const { id, incarnation, partitions } = host;
    await Promise.all(
      this.#serving().map(
        (other) =>
          new Promise<void>((resolve) => {
            world.newsLane(other.self.id)(() => {
              other.lose(id, incarnation, error);
              resolve();
            });
          }),
      ),
    );
    await new Promise<void>((resolve) => {
      if (world.restartMs === 0) clock.nextTurn(resolve);
      else clock.upkeepAfter(world.restartMs, resolve);
    });
    if (this.#closing) return;
    await this.#launch(host);
    const dataLost = storage === undefined;
    events.emit('partitionsRestored', { host: id - 1, incarnation: host.incarnation, partitions, dataLost });
  }
}
