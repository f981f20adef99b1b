// Members of a grid that have nothing but actors, in one process: by one member, or by two over links in memory.
import {
  ActorClient,
  type ActorPorts,
  ActorService,
  ActorTypes,
  type Client,
  type CronCalendar,
  type Definition,
  Definitions,
  ErrorRegistry,
  Family,
  type Frame,
  Member,
  MemberTopics,
  memoryTransports,
  noConcurrencyControl,
  OwnedPartitions,
  type PartitionConcurrency,
  PartitionStore,
  Placement,
  SharedState,
  TopicClient,
} from '@troupe/core';

export interface ActorMember {
  readonly actor: Client['actor'];
  readonly actors: Client['actors'];
  readonly tell: Client['tell'];
  readonly topic: Client['topic'];
  readonly worker: Client['worker'];
  readonly topics: MemberTopics;
  readonly member: Member;
  readonly service: ActorService;
  readonly owned: OwnedPartitions;
  readonly shared: SharedState;
}

export interface ActorGridOptions {
  readonly partitions?: number;
  readonly ports?: ActorPorts;
  readonly errors?: ErrorRegistry;
  readonly concurrency?: PartitionConcurrency;
  readonly passivateAfterMs?: number;
  readonly residentsMax?: number;
  readonly calendar?: CronCalendar;
}

/** A member that owns every partition and is its own caller. */
export function oneMember(definitions: readonly Definition[], options: ActorGridOptions = {}): ActorMember {
  const shared = SharedState.create(options.partitions ?? 4, 1);
  const placement = Placement.roundRobin(shared.partitionCount, [0]);
  return wire(0, shared, placement, new Definitions(definitions), options);
}

export interface TwoMembers {
  readonly caller: ActorMember;
  readonly owner: ActorMember;
  /** Another thread takes over from the owner, which must be lost already: its partitions are created anew. */
  readonly replaceOwner: () => ActorMember;
}

/** Member 0, which owns nothing, and member 1, which owns every partition. */
export function twoMembers(definitions: readonly Definition[], options: ActorGridOptions = {}): TwoMembers {
  const shared = SharedState.create(options.partitions ?? 4, 2);
  const placement = Placement.roundRobin(shared.partitionCount, [1]);
  const caller = wire(0, shared, placement, new Definitions(definitions), options);
  const owner = wire(1, shared, placement, new Definitions(definitions), options);
  connect(caller.member, owner.member, 1);
  const replaceOwner = (): ActorMember => {
    for (let partition = 0; partition < shared.partitionCount; partition++)
      shared.raiseIncarnation(partition);
    const successor = wire(1, shared, placement, new Definitions(definitions), options);
    connect(caller.member, successor.member, 2);
    return successor;
  };
  return { caller, owner, replaceOwner };
}

function connect(a: Member, b: Member, incarnationOfB: number): void {
  let receiveAtA: (frame: Frame) => void = () => undefined;
  let receiveAtB: (frame: Frame) => void = () => undefined;
  const [atA, atB] = memoryTransports(
    (frame) => receiveAtA(frame),
    (frame) => receiveAtB(frame),
  );
  a.connect({ ...identity(1), incarnation: incarnationOfB }, (receive) => {
    receiveAtA = receive;
    return atA;
  });
  b.connect(identity(0), (receive) => {
    receiveAtB = receive;
    return atB;
  });
}

function identity(id: number): { id: number; incarnation: number; memory: SharedArrayBuffer } {
  return { id, incarnation: 1, memory: new SharedArrayBuffer(8) };
}

function wire(
  id: number,
  shared: SharedState,
  placement: Placement,
  definitions: Definitions,
  options: ActorGridOptions,
): ActorMember {
  const member = new Member(identity(id), shared, options.errors ?? new ErrorRegistry());
  const owned = new OwnedPartitions();
  for (const partition of placement.partitionsOf(id)) create(owned, shared, partition, options.concurrency);
  const types = new ActorTypes(definitions, options.passivateAfterMs);
  const ports = options.ports === undefined ? {} : { ports: options.ports };
  const service = new ActorService({
    member,
    types,
    owned,
    client: () => client as Client,
    residentsMax: options.residentsMax,
    ...(options.calendar === undefined ? {} : { calendar: options.calendar }),
    ...ports,
  });
  const actors = new ActorClient({ member, types, placement, local: service.local });
  const topics = new MemberTopics({ member, definitions, placement, local: service.local });
  const topicClient = new TopicClient(topics);
  const client: Pick<Client, 'table' | 'actor' | 'actors' | 'tell' | 'topic' | 'worker'> = {
    table: () => {
      throw new Error('this grid has no tables');
    },
    actor: (definition, key, callOptions) => actors.reference(definition, key, callOptions),
    actors: (definition, keys, callOptions) => actors.references(definition, keys, callOptions),
    tell: (definition, key) => actors.tells(definition, key),
    worker: (definition, callOptions) => actors.worker(definition, callOptions),
    topic: (definition) => topicClient.topic(definition),
  };
  member.register(Family.actor, service);
  member.register(Family.topic, topics);
  return { member, service, owned, shared, topics, ...client };
}

/** The current incarnation of a partition, empty. */
export function create(
  owned: OwnedPartitions,
  shared: SharedState,
  id: number,
  concurrency: PartitionConcurrency = noConcurrencyControl,
): void {
  const store = new PartitionStore(shared, shared.now());
  owned.add({ id, incarnation: shared.incarnationOf(id), store, concurrency });
}

/** A promise and its resolve: what tests hold a turn open with. */
export function gate<T = void>(): { readonly opened: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Ports whose clock and event loop stand still until told. */
export class ManualPorts implements ActorPorts {
  nowMs = 0;
  readonly #later: (() => void)[] = [];
  readonly #every = new Set<() => void>();

  now(): number {
    return this.nowMs;
  }

  /** Another clock, which may be set. */
  wallMs(): number {
    return this.nowMs + this.wallAheadMs;
  }
  wallAheadMs = 1_000_000;

  later(run: () => void): void {
    this.#later.push(run);
  }

  detached(run: () => void): void {
    run();
  }

  every(_ms: number, run: () => void): () => void {
    this.#every.add(run);
    return () => this.#every.delete(run);
  }

  readonly #after = new Set<{ readonly atMs: number; readonly run: () => void }>();

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, run };
    this.#after.add(timer);
    return () => this.#after.delete(timer);
  }

  /** Lets time pass, timer by timer. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#after].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#after.delete(next);
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = endMs;
  }

  get timers(): number {
    return this.#after.size;
  }

  /** What is done again and again is done once. */
  tick(): void {
    for (const run of this.#every) run();
  }

  /** One turn of the event loop. How many callbacks it ran. */
  turn(): number {
    const due = this.#later.splice(0);
    for (const run of due) run();
    return due.length;
  }
}

/** What the promise rejects with. Throws when it doesn't. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to reject');
}
