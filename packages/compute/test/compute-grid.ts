// Members of a grid that have tables and compute, in one process: main and its hosts over links in memory, or one
// member that owns everything.
import { Compute, type ComputeOptions } from '@troupe/compute';
import {
  type Client,
  type CoreMember,
  callMemoryBytes,
  type Definition,
  Definitions,
  ErrorRegistry,
  type Frame,
  identityOf,
  Member,
  type MemberIdentity,
  MemberTables,
  memoryTransports,
  noConcurrencyControl,
  OwnedPartitions,
  PartitionStore,
  Placement,
  SharedState,
} from '@troupe/core';

export interface ComputeMember {
  readonly core: CoreMember;
  readonly compute: Compute;
  readonly client: Client;
}

export interface ComputeGridOptions extends ComputeOptions {
  readonly partitions?: number;
  /** 0: the main member owns the partitions itself. */
  readonly hosts?: number;
  readonly errors?: ErrorRegistry;
}

export class ComputeGrid {
  readonly members: ComputeMember[];
  readonly #definitions: readonly Definition[];
  readonly #options: ComputeGridOptions;
  readonly #shared: SharedState;
  readonly #placement: Placement;

  constructor(definitions: readonly Definition[], options: ComputeGridOptions = {}) {
    const { hosts = 1, partitions = 8 } = options;
    this.#definitions = definitions;
    this.#options = options;
    this.#shared = SharedState.create(partitions, hosts + 1);
    const owners = hosts === 0 ? [0] : Array.from({ length: hosts }, (_, host) => host + 1);
    this.#placement = Placement.roundRobin(partitions, owners);
    this.members = Array.from({ length: hosts + 1 }, (_, id) => this.#wire(id, 1));
    this.members.forEach((member, position) => {
      for (const other of this.members.slice(0, position)) connect(other.core.member, member.core.member);
    });
  }

  get main(): ComputeMember {
    return this.member(0);
  }

  get client(): Client {
    return this.main.client;
  }

  /** The client of the main member's compute. */
  get compute(): Client['compute'] {
    return this.main.compute.client;
  }

  /** Member 0 is main, member 1 is host 0. */
  member(id: number): ComputeMember {
    const member = this.members[id];
    if (member === undefined) throw new RangeError(`no member ${id}`);
    return member;
  }

  host(host: number): ComputeMember {
    return this.member(host + 1);
  }

  /** The thread of a host has ended. */
  lose(host: number): void {
    const lost = this.host(host).core.member.self;
    for (const { core } of this.members)
      if (core.member.self !== lost) core.member.lose(lost.id, lost.incarnation);
  }

  /** Another thread takes over from a host that is lost: its partitions are created anew. */
  replace(host: number): ComputeMember {
    const { id, incarnation } = this.host(host).core.member.self;
    for (const partition of this.#placement.partitionsOf(id)) this.#shared.raiseIncarnation(partition);
    const successor = this.#wire(id, incarnation + 1);
    for (const other of this.members) {
      if (other.core.member.self.id !== id) connect(other.core.member, successor.core.member);
    }
    this.members[id] = successor;
    return successor;
  }

  #wire(id: number, incarnation: number): ComputeMember {
    const memory = new SharedArrayBuffer(8);
    const callMemory = new SharedArrayBuffer(callMemoryBytes);
    const identity: MemberIdentity = { id, incarnation, memory, callMemory };
    const member = new Member(identity, this.#shared, this.#options.errors ?? new ErrorRegistry());
    const owned = new OwnedPartitions();
    const core: CoreMember = {
      member,
      isHost: id > 0,
      definitions: new Definitions(this.#definitions),
      placement: this.#placement,
      owned,
      assigned: [],
      settings: undefined,
    };
    for (const partition of this.#placement.partitionsOf(id)) {
      const store = new PartitionStore(this.#shared, this.#shared.now());
      owned.add({
        id: partition,
        incarnation: this.#shared.incarnationOf(partition),
        store,
        concurrency: noConcurrencyControl,
      });
    }
    const tables = new MemberTables(core);
    const { modules, concurrency, queueMax, poolSize, ports, statesKeptMs } = this.#options;
    const compute = new Compute(core, tables, () => client, {
      modules,
      concurrency,
      queueMax,
      poolSize,
      ports,
      statesKeptMs,
    });
    // Actors and transactions are left out: nothing here uses them.
    const client = {
      table: tables.table.bind(tables),
      compute: compute.client,
    } as unknown as Client;
    return { core, compute, client };
  }
}

function connect(a: Member, b: Member): void {
  let receiveAtA: (frame: Frame) => void = () => undefined;
  let receiveAtB: (frame: Frame) => void = () => undefined;
  const [atA, atB] = memoryTransports(
    (frame) => receiveAtA(frame),
    (frame) => receiveAtB(frame),
  );
  a.connect(identityOf(b), (receive) => {
    receiveAtA = receive;
    return atA;
  });
  b.connect(identityOf(a), (receive) => {
    receiveAtB = receive;
    return atB;
  });
}

/** What a promise was rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${String(value)}`);
    },
    (error: unknown) => error,
  );
}

/** What a function throws. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('it threw nothing');
}

export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of iterable) all.push(item);
  return all;
}

/** A promise and its resolve: what tests hold a job open with. */
export function gate<T = void>(): { readonly opened: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Resolves when the condition holds; the event loop goes round meanwhile. */
export async function until(condition: () => boolean): Promise<void> {
  const untilMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error('it never came to that');
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
