/**
 * The tables of one member, put together: the service that answers for owned partitions, the way to every owner, the
 * snapshots read here, and the `Table` objects users get. Without anything plugged in, operations run plain; a
 * transactions layer brings atomic operations on many keys and says per call which executor is in force.
 */
import type { AnyTable, TableDefinition } from '../definition/table-definition.ts';
import type { CoreMember } from '../grid/core-member.ts';
import type { Key } from '../key/key.ts';
import { Family } from '../mesh/opcode.ts';
import type { ReceiverPort } from './load-options.ts';
import { OwnerCalls } from './owner-calls.ts';
import { PlainExecutor } from './plain-executor.ts';
import { Snapshots, snapshotTime } from './snapshots.ts';
import { Table } from './table.ts';
import type { AtomicOperations, TableExecutor, TableHandle } from './table-executor.ts';
import { TableService } from './table-service.ts';

export class MemberTables {
  readonly calls: OwnerCalls;
  readonly snapshots: Snapshots;
  readonly #core: CoreMember;
  readonly #handles = new Map<AnyTable, TableHandle>();
  #plain: TableExecutor;
  #current: () => TableExecutor | undefined = () => undefined;
  #receivers: ReceiverPort | undefined;

  constructor(core: CoreMember) {
    const { member, placement } = core;
    this.#core = core;
    this.calls = new OwnerCalls(member, placement);
    this.snapshots = new Snapshots(member.shared, member.self.id, snapshotTime(member.clock));
    this.#plain = new PlainExecutor(this.calls, this.snapshots);
    member.register(Family.table, new TableService(member, core.owned, (id) => definitionOf(core, id)));
  }

  /** Plugs in operations on many keys, and who executes a call made right now (undefined: nobody special). */
  use(atomic: AtomicOperations, current: () => TableExecutor | undefined): void {
    this.#plain = new PlainExecutor(this.calls, this.snapshots, atomic);
    this.#current = current;
  }

  /** Plugs in what brings pages of a load to receivers. */
  useReceivers(receivers: ReceiverPort): void {
    this.#receivers = receivers;
  }

  /** The handle of a table that has been used before. */
  tryHandle(definition: AnyTable): TableHandle | undefined {
    return this.#handles.get(definition);
  }

  /** The number of a table. Throws DEFINITION_MISSING when the grid doesn't have it. */
  handle(definition: AnyTable): TableHandle {
    let handle = this.#handles.get(definition);
    if (handle === undefined) {
      handle = { definition, id: this.#core.definitions.idOf(definition, 'table') };
      this.#handles.set(definition, handle);
    }
    return handle;
  }

  /** The table as users see it. */
  table<K extends Key, V, I = V>(definition: TableDefinition<K, V, I>): Table<K, V, I> {
    return this.tableWith(definition, () => this.#current() ?? this.#plain);
  }

  /** The table through a given executor. */
  tableWith<K extends Key, V, I = V>(
    definition: TableDefinition<K, V, I>,
    executor: () => TableExecutor,
  ): Table<K, V, I> {
    return new Table<K, V, I>(this.handle(definition), this.#core.placement, executor, {
      clock: this.#core.member.clock,
      receivers: this.#receivers,
    });
  }
}

function definitionOf({ definitions }: CoreMember, id: number): AnyTable {
  return definitions.mustGet('table', id) as AnyTable;
}
