// Members of a grid that have nothing but tables, in one process: one member, or two over links in memory.
import {
  type AnyTable,
  ErrorRegistry,
  Family,
  type Frame,
  type Key,
  Member,
  memoryTransports,
  noConcurrencyControl,
  OwnedPartitions,
  OwnerCalls,
  type PartitionConcurrency,
  PartitionStore,
  Placement,
  PlainExecutor,
  type ScanLimits,
  SharedState,
  type Snapshot,
  SnapshotExecutor,
  Snapshots,
  Table,
  type TableDefinition,
  type TableExecutor,
  type TableHandle,
  TableService,
} from '@troupe/core';

export interface TableMember {
  readonly member: Member;
  readonly service: TableService;
  readonly owned: OwnedPartitions;
  readonly shared: SharedState;
  readonly placement: Placement;
  readonly calls: OwnerCalls;
  readonly snapshots: Snapshots;
  readonly plain: PlainExecutor;
  table<K extends Key, V>(definition: TableDefinition<K, V>, executor?: TableExecutor): Table<K, V>;
  /** The table as it was when `snapshot` was acquired. */
  tableAt<K extends Key, V>(definition: TableDefinition<K, V>, snapshot: Snapshot): Table<K, V>;
}

export interface SmallGridOptions {
  readonly partitions?: number;
  readonly concurrency?: PartitionConcurrency;
  readonly scanLimits?: ScanLimits;
  /** Only ranges look at it. */
  readonly definition?: AnyTable;
}

/** Every table has number 0: these grids have one. */
export function handleOf(definition: TableHandle['definition']): TableHandle {
  return { definition, id: 0 };
}

/** A member that owns every partition and is its own caller. */
export function oneMember(options: SmallGridOptions = {}): TableMember {
  const shared = SharedState.create(options.partitions ?? 4, 1);
  return wire(0, shared, Placement.roundRobin(shared.partitionCount, [0]), options);
}

/** Member 0, which owns nothing, and member 1, which owns every partition. */
export function twoMembers(options: SmallGridOptions = {}): { caller: TableMember; owner: TableMember } {
  const shared = SharedState.create(options.partitions ?? 4, 2);
  const placement = Placement.roundRobin(shared.partitionCount, [1]);
  const caller = wire(0, shared, placement, options);
  const owner = wire(1, shared, placement, options);
  connect(caller.member, owner.member);
  return { caller, owner };
}

/** The thread of the owner ends, and another one takes its place with empty partitions. */
export function replaceOwner(caller: TableMember, options: SmallGridOptions = {}): TableMember {
  const { shared, placement } = caller;
  for (const partition of placement.partitionsOf(1)) shared.raiseIncarnation(partition);
  const owner = wire(1, shared, placement, options, 2);
  connect(caller.member, owner.member, 2);
  return owner;
}

function connect(a: Member, b: Member, incarnationOfB = 1): void {
  let receiveAtA: (frame: Frame) => void = () => undefined;
  let receiveAtB: (frame: Frame) => void = () => undefined;
  const [atA, atB] = memoryTransports(
    (frame) => receiveAtA(frame),
    (frame) => receiveAtB(frame),
  );
  a.connect(identity(1, incarnationOfB), (receive) => {
    receiveAtA = receive;
    return atA;
  });
  b.connect(identity(0, 1), (receive) => {
    receiveAtB = receive;
    return atB;
  });
}

function identity(
  id: number,
  incarnation: number,
): { id: number; incarnation: number; memory: SharedArrayBuffer } {
  return { id, incarnation, memory: new SharedArrayBuffer(8) };
}

function wire(
  id: number,
  shared: SharedState,
  placement: Placement,
  options: SmallGridOptions,
  incarnation = 1,
): TableMember {
  const member = new Member(identity(id, incarnation), shared, new ErrorRegistry());
  const owned = new OwnedPartitions();
  const concurrency = options.concurrency ?? noConcurrencyControl;
  for (const partition of placement.partitionsOf(id)) {
    const store = new PartitionStore(shared, shared.now());
    owned.add({ id: partition, incarnation: shared.incarnationOf(partition), store, concurrency });
  }
  const tableOf = (): AnyTable => {
    if (options.definition === undefined) throw new Error('This grid was not told which table it has.');
    return options.definition;
  };
  const service = new TableService(member, owned, tableOf, options.scanLimits);
  member.register(Family.table, service);
  const calls = new OwnerCalls(member, placement);
  const snapshots = new Snapshots(shared, id);
  const plain = new PlainExecutor(calls, snapshots);
  const table: TableMember['table'] = (definition, executor = plain) =>
    new Table(handleOf(definition), placement, () => executor);
  const tableAt: TableMember['tableAt'] = (definition, snapshot) =>
    table(definition, new SnapshotExecutor(calls, snapshot));
  return { member, service, owned, shared, placement, calls, snapshots, plain, table, tableAt };
}
