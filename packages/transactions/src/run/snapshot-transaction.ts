/** A transaction that reads a snapshot: it takes no locks, writes nothing, and can't be in anybody's way. */
import type { JoinedCalls, Key, Snapshot, Table, TableDefinition } from '@troupe/core';
import { ReadOnlyError, SnapshotExecutor, type TableExecutor, TransactionFinishedError } from '@troupe/core';
import type { OpenTransaction } from '../attempt/context.ts';
import type { TransactionGround } from '../attempt/open-transaction.ts';
import { outermost } from '../attempt/scopes.ts';
import type { BeginOptions, NestedOptions, TransactionBody } from '../attempt/transaction.ts';
import { checkNestedCall } from '../attempt/transaction-options.ts';
import { toRef } from '../attempt/transaction-ref.ts';
import { readOnlyActors } from '../attempt/trunk.ts';

type SnapshotOptions = Pick<BeginOptions, 'label' | 'asOf'>;

/** A transaction that reads one moment of the whole grid. */
export class SnapshotTransaction implements OpenTransaction {
  readonly scope = outermost;
  readonly readOnly = true;
  readonly attempt = 1;
  readonly id: number;
  readonly label: string | undefined;
  readonly #ground: TransactionGround;
  readonly #snapshot: Snapshot;
  readonly #executor: SnapshotExecutor;
  #ended = false;

  /** `held`: a snapshot of somebody else. Throws SnapshotTooOldError, or InvalidArgumentError, when `asOf` can't be read. */
  constructor(ground: TransactionGround, id: number, { label, asOf }: SnapshotOptions, held?: Snapshot) {
    const { snapshots } = ground.tables;
    this.#ground = ground;
    this.id = id;
    this.label = label;
    this.#snapshot = held ?? (asOf === undefined ? snapshots.acquire() : snapshots.acquireAt(asOf));
    this.#executor = new SnapshotExecutor(ground.tables.calls, this.#snapshot);
  }

  get readTimestamp(): number {
    return this.#snapshot.timestamp;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get executor(): TableExecutor {
    this.#assertOpen();
    return this.#executor;
  }

  /** Jobs read the same moment, for as long as this transaction lasts. */
  get calls(): JoinedCalls {
    const { id, attempt, label, scope, readTimestamp } = this;
    const home = this.#ground.trunks.member.self.id;
    const ref = toRef({ id, home, attempt, label, scope, readOnly: true, readTimestamp });
    const call: JoinedCalls['call'] = async (options, send) => {
      this.#assertOpen();
      return send(ref, options ?? {});
    };
    return { ...readOnlyActors, call };
  }

  table<K extends Key, V, I = V>(definition: TableDefinition<K, V, I>): Table<K, V, I> {
    return this.#ground.tables.tableWith(definition, () => this.executor);
  }

  async transaction<T>(body: TransactionBody<T>, options: NestedOptions = {}): Promise<T> {
    checkNestedCall(body, options);
    this.#assertOpen();
    if (options.keys !== undefined)
      throw new ReadOnlyError('a read-only transaction takes no locks, so it can declare no keys');
    return this.#ground.context.run(this, () => body(this));
  }

  /** Lets go of the snapshot. */
  end(): void {
    this.#ended = true;
    this.#snapshot.release();
  }

  #assertOpen(): void {
    if (this.#ended)
      throw new TransactionFinishedError(
        'the read-only transaction has ended; no operation can join it any more',
      );
  }
}
