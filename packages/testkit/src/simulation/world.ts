/**
 * The simulated grid: members on a simulated network, the shared memory of all, deaths and restarts as the supervisor
 * of real threads orders them. The main member never dies; every host owns partitions and may.
 *
 * At a death the incarnations of the host's partitions rise a little later, but before any survivor hears of it and
 * before the successor starts. In the history the death is one `clear` of each partition, from the moment of the death
 * until the successor serves.
 */
import type { PartitionId } from '@troupe/core';
import { FrameCodec, noSnapshot, type Packed, SharedState } from '@troupe/core';
import { statusMemoryBytes } from '@troupe/transactions';
import { History, type ListAppendMop, type OpenOperation } from '../history.ts';
import { ListAppendWorkload } from '../list-append-workload.ts';
import { SeededRandom } from '../seeded-random.ts';
import { formatAddress, type MemberAddress } from '../simulated-member.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { VirtualTime } from '../virtual-time.ts';
import { Client } from './client.ts';
import { zeroCounters } from './counters.ts';
import { GridMember } from './grid-member.ts';
import { KeySpace } from './key-space.ts';
import type { Frame } from './outbox.ts';
import type { SimulationParts } from './parts.ts';
import type { Shape } from './shape.ts';
import { runTask } from './task.ts';
import { Truth } from './truth.ts';

const mainName = 'main';

interface Death {
  readonly address: MemberAddress;
  readonly clears: readonly OpenOperation<ListAppendMop>[];
  isNoticed: boolean;
}

export class World {
  readonly shape: Shape;
  readonly parts: SimulationParts;
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork<Frame, Packed>;
  readonly shared: SharedState;
  readonly history = new History<ListAppendMop>();
  readonly truth: Truth;
  readonly keys: KeySpace;
  readonly workload: ListAppendWorkload;
  readonly counters = zeroCounters();
  readonly problems: string[] = [];
  readonly hosts: readonly string[];
  readonly #random: SeededRandom;
  readonly #members = new Map<string, GridMember>();
  readonly #memories = new Map<string, SharedArrayBuffer>();
  readonly #clients = new Map<string, Client[]>();
  readonly #deaths = new Map<string, Death>();
  #operationsBegun = 0;

  constructor(seed: number, shape: Shape, parts: SimulationParts) {
    this.#random = new SeededRandom(seed);
    this.shape = shape;
    this.parts = parts;
    this.time = new VirtualTime({ tieBreaker: this.#random.fork('ties') });
    const codec = new FrameCodec();
    this.network = new SimulatedNetwork<Frame, Packed>({
      time: this.time,
      random: this.#random.fork('network'),
      codec: { encode: (frame) => codec.encode(frame), decode: (bytes) => codec.decode(bytes) },
      weather: shape.weather,
    });
    this.hosts = Array.from({ length: shape.hosts }, (_, host) => `host-${host}`);
    this.shared = SharedState.create(shape.partitions, shape.hosts + 1);
    this.keys = new KeySpace(shape.partitions);
    this.workload = new ListAppendWorkload(this.#random.fork('workload'), {
      liveKeys: shape.liveKeys,
      mopsPerTransactionMax: shape.mopsMax,
      appendsPerKeyMax: shape.appendsPerKeyMax,
    });
    this.truth = new Truth({
      problem: (text) => this.problems.push(text),
      now: () => this.shared.now(),
      partitionOf: (key) => this.keys.partitionOf(key),
    });
    for (const name of [mainName, ...this.hosts])
      this.network.start(name, (context) => this.#startMember(name, context));
  }

  // ── who is who ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Members that are alive. */
  members(): GridMember[] {
    return [...this.#members.values()];
  }

  member(address: MemberAddress): GridMember | undefined {
    const member = this.#members.get(address.name);
    return member?.address.incarnation === address.incarnation ? member : undefined;
  }

  memberIdOf(name: string): number {
    return this.hosts.indexOf(name) + 1;
  }

  ownerOf(partition: PartitionId): string {
    return this.hosts[partition % this.hosts.length] ?? mainName;
  }

  partitionsOf(name: string): PartitionId[] {
    const all = Array.from({ length: this.shape.partitions }, (_, partition) => partition);
    return all.filter((partition) => this.ownerOf(partition) === name);
  }

  /** The status words of one incarnation of a member; they stay readable after its death. */
  memoryOf(address: MemberAddress): SharedArrayBuffer {
    const label = formatAddress(address);
    let memory = this.#memories.get(label);
    if (memory === undefined) {
      memory = new SharedArrayBuffer(statusMemoryBytes(this.shape.slots));
      this.#memories.set(label, memory);
    }
    return memory;
  }

  /** So many times the mean delay of a link. */
  delay(times: number): number {
    return times * this.shape.weather.delayMeanMs;
  }

  // ── work ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Operations that clients have begun. */
  get operationsBegun(): number {
    return this.#operationsBegun;
  }

  /** A client asks for one more operation; false: the run has had enough of them. */
  takeOperation(): boolean {
    if (this.#operationsBegun >= this.shape.operations) return false;
    this.#operationsBegun += 1;
    return true;
  }

  /** Reads every key at the main member. */
  readAll(): void {
    const main = this.#members.get(mainName);
    if (main !== undefined) runTask(new Client(this, main, 'final read').readAll(), main.context.clock);
  }

  // ── deaths ────────────────────────────────────────────────────────────────────────────────────────────────────

  aliveHosts(): string[] {
    return this.hosts.filter((name) => this.network.isAlive(name));
  }

  kill(name: string): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    this.counters.deaths += 1;
    // It may die between two links of a flush.
    const { outbox, address } = member;
    if (this.#random.chance(0.5)) outbox.flushLinks(this.#random.integer(0, outbox.links));
    this.#members.delete(name);
    for (const client of this.#clients.get(name) ?? []) client.died();
    const clears = this.partitionsOf(name).map((partition) => {
      const incarnation = this.shared.incarnationOf(partition);
      return this.history.record(`death of p${partition}`).invoke([['clear', `p${partition}`, incarnation]]);
    });
    this.#deaths.set(name, { address, clears, isNoticed: false });
    this.network.kill(name);
    this.time.schedule(
      this.#random.next() * this.delay(this.shape.noticeDelay),
      () => this.noticed(address),
      'notice',
    );
  }

  /** Somebody hears of a death: by now the incarnations have risen. */
  noticed(address: MemberAddress): void {
    const death = this.#deaths.get(address.name);
    if (death === undefined || death.isNoticed || death.address.incarnation !== address.incarnation) return;
    death.isNoticed = true;
    for (const partition of this.partitionsOf(address.name)) this.shared.raiseIncarnation(partition);
    this.shared.publishSnapshot(this.memberIdOf(address.name), noSnapshot);
  }

  restart(name: string): void {
    const death = this.#deaths.get(name);
    if (death === undefined || this.network.isAlive(name)) return;
    this.noticed(death.address);
    this.network.restart(name);
    for (const [index, clear] of death.clears.entries()) {
      const partition = this.partitionsOf(name)[index] ?? 0;
      clear.ok([['clear', `p${partition}`, this.shared.incarnationOf(partition) - 1]]);
    }
    this.#deaths.delete(name);
  }

  #startMember(name: string, context: ConstructorParameters<typeof GridMember>[1]): GridMember {
    const member = new GridMember(this, context, this.memoryOf(context.address));
    this.#members.set(name, member);
    const count = name === mainName ? this.shape.mainProcesses : this.shape.hostProcesses;
    const clients = Array.from({ length: count }, (_, index) => {
      return new Client(this, member, `${formatAddress(context.address)}/${index}`);
    });
    this.#clients.set(name, clients);
    for (const client of clients) runTask(client.run(), context.clock);
    return member;
  }
}
