/**
 * The simulated grid: members on a simulated network, the shared memory of all, deaths and restarts as the supervisor
 * of real threads orders them. The main member never dies alone; every host owns partitions and may.
 *
 * At a death the incarnations of the host's partitions rise a little later, but before any survivor hears of it and
 * before the successor starts. In memory mode the death is one `clear` of each partition in the history, from its
 * moment until the successor serves. With a log nothing is lost; there the whole process may die as well, with all
 * members and the shared memory, and only the disk survives.
 */
import type { PartitionId } from '@troupe/core';
import { FrameCodec, noSnapshot, type Packed, SharedState } from '@troupe/core';
import { statusMemoryBytes } from '@troupe/transactions';
import { History, type ListAppendMop, type OpenOperation } from '../history.ts';
import { ListAppendWorkload } from '../list-append-workload.ts';
import { drawDurationMs } from '../network-weather.ts';
import { SeededRandom } from '../seeded-random.ts';
import { formatAddress, type MemberAddress } from '../simulated-member.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { VirtualTime } from '../virtual-time.ts';
import { Client } from './client.ts';
import { zeroCounters } from './counters.ts';
import { Disk } from './disk.ts';
import { GridMember } from './grid-member.ts';
import { clearedTable, KeySpace } from './key-space.ts';
import { KeyedCalls } from './keyed-calls.ts';
import { LogServer, logName } from './log-server.ts';
import type { OperationRecord } from './operation-record.ts';
import type { Frame } from './outbox.ts';
import type { SimulationParts } from './parts.ts';
import { ProcedureCalls } from './procedures.ts';
import type { Shape, SimulationMode } from './shape.ts';
import { runTask } from './task.ts';
import { fateOf, Truth } from './truth.ts';
import { Turns } from './turns.ts';

const mainName = 'main';

interface Death {
  readonly address: MemberAddress;
  readonly clears: readonly OpenOperation<ListAppendMop>[];
  isNoticed: boolean;
}

export class World {
  readonly mode: SimulationMode;
  readonly shape: Shape;
  readonly parts: SimulationParts;
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork<Frame, Packed>;
  readonly disk = new Disk();
  readonly turns = new Turns();
  readonly procedures = new ProcedureCalls();
  /** Of every operation. */
  readonly records: OperationRecord[] = [];
  readonly history = new History<ListAppendMop>();
  readonly truth: Truth;
  readonly keys: KeySpace;
  readonly keyedCalls: KeyedCalls;
  readonly workload: ListAppendWorkload;
  readonly counters = zeroCounters();
  readonly problems: string[] = [];
  readonly hosts: readonly string[];
  readonly #random: SeededRandom;
  readonly #members = new Map<string, GridMember>();
  readonly #memories = new Map<string, SharedArrayBuffer>();
  readonly #deaths = new Map<string, Death>();
  #operationsBegun = 0;
  #shared: SharedState;
  #isDown = false;

  constructor(seed: number, mode: SimulationMode, shape: Shape, parts: SimulationParts) {
    this.#random = new SeededRandom(seed);
    this.mode = mode;
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
    this.#shared = this.#newMemory();
    this.keys = new KeySpace(shape.partitions, mode === 'memory' ? 'clear' : 'lose nothing');
    this.workload = new ListAppendWorkload(this.#random.fork('workload'), {
      liveKeys: shape.liveKeys,
      mopsPerTransactionMax: shape.mopsMax,
      appendsPerKeyMax: shape.appendsPerKeyMax,
    });
    this.truth = new Truth({
      problem: (text) => this.problems.push(text),
      now: () => this.shared.now(),
      partitionOf: (key) => this.keys.partitionOf(key),
      isCleared: (key) => this.keys.tableOf(key) === clearedTable,
    });
    this.keyedCalls = new KeyedCalls({
      problem: (text) => this.problems.push(text),
      hasCommitted: (attempt) =>
        fateOf(attempt) === 'committed' || this.disk.isFlushed(attempt.coordinator.id),
      incarnationOf: (partition) => this.shared.incarnationOf(partition),
      partitionCount: shape.partitions,
      deathsLose: mode === 'memory',
    });
    if (mode === 'one-log') this.network.start(logName, (context) => this.#startLog(context));
    for (const name of [mainName, ...this.hosts])
      this.network.start(name, (context) => this.#startMember(name, context));
  }

  /** The memory that all members share; a new one for each process. */
  get shared(): SharedState {
    return this.#shared;
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

  /** Not a host: one may have no partition, and dies all the same. */
  isMain({ name }: MemberAddress): boolean {
    return name === mainName;
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
    const partitions = this.mode === 'memory' ? this.partitionsOf(name) : [];
    const clears = partitions.map((partition) => {
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

  /** The whole process dies: nothing is left of it but the disk. */
  crash(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.counters.crashes += 1;
    for (const name of [mainName, ...this.hosts, logName]) this.network.kill(name);
    this.counters.recordsLost += this.disk.crash(this.#random);
    this.#members.clear();
    this.#deaths.clear();
  }

  /** Nothing is written any more, so after a while somebody starts the process again. */
  #storageFailed(random: SeededRandom): void {
    const delayMs = (): number => random.next() * this.delay(20);
    this.time.schedule(
      delayMs(),
      () => {
        this.crash();
        this.time.schedule(delayMs(), () => this.startAgain(), 'start again after a failure');
      },
      'end after a failure',
    );
  }

  /** Starts the process again after a crash. */
  startAgain(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#shared = this.#newMemory();
    for (const name of [logName, mainName, ...this.hosts]) this.network.restart(name);
  }

  #newMemory(): SharedState {
    const { shape, parts } = this;
    return SharedState.create(shape.partitions, shape.hosts + 1, parts.clockStart(this.disk));
  }

  #startLog(context: ConstructorParameters<typeof LogServer>[1]): LogServer {
    const random = context.random.fork('flush');
    const flushDelayMs = (): number => drawDurationMs(random, this.delay(this.shape.logDelay), 'long-tailed');
    const ends = context.random.fork('flush ends');
    const { disk, parts, counters, shape } = this;
    const flushEnd = (): 'durable' | 'full' | 'failed' => {
      if (ends.chance(shape.failChance)) return 'failed';
      return ends.chance(shape.fullChance) ? 'full' : 'durable';
    };
    const failed = (): void => this.#storageFailed(ends);
    return new LogServer({ disk, parts, counters, flushDelayMs, flushEnd, failed }, context);
  }

  #startMember(name: string, context: ConstructorParameters<typeof GridMember>[1]): GridMember {
    const member = new GridMember(this, context, this.memoryOf(context.address));
    this.#members.set(name, member);
    const count = name === mainName ? this.shape.mainProcesses : this.shape.hostProcesses;
    const clients = Array.from({ length: count }, (_, index) => {
      return new Client(this, member, `${formatAddress(context.address)}/${index}`);
    });
    for (const client of clients) runTask(client.run(), context.clock);
    return member;
  }
}
