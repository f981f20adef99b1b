/**
 * The `Transaction` that bodies get, in its two kinds: one that locks and writes (an attempt behind it), and one that
 * reads a snapshot and can't be in anybody's way.
 */
import type { Key, MemberTables, Snapshot, Table, TableDefinition } from '@troupe/core';
import { ReadOnlyError, SnapshotExecutor, type TableExecutor, TransactionFinishedError } from '@troupe/core';
import type { Attempt, LockWaiter } from './attempt.ts';
import type { OpenTransaction, TransactionContext } from './context.ts';
import type { KeyPlacer } from './declared-keys.ts';
import { readOnlyExecutor } from './read-only-executor.ts';
import type { DeclaredKeys, NestedOptions, TransactionBody } from './transaction.ts';
import { type StoredEntries, TransactionExecutor } from './transaction-executor.ts';
import { checkNestedCall } from './transaction-options.ts';

/** What open transactions need of their member. */
export interface TransactionGround {
  readonly tables: MemberTables;
  readonly context: TransactionContext;
  readonly keys: KeyPlacer;
  readonly storedEntries: StoredEntries;
  /** A transaction begins, which `close()` waits for. Throws GRID_CLOSED when it is too late. */
  beginWork(): void;
  endWork(): void;
}

/** A transaction that locks and writes. */
export class LockingTransaction implements OpenTransaction {
  readonly readOnly = false;
  readonly readTimestamp = undefined;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly executor: TransactionExecutor;
  readonly #ground: TransactionGround;
  readonly #attempt: Attempt;
  #nestedUnderWay: Set<Promise<unknown>> | undefined;

  constructor(ground: TransactionGround, attempt: Attempt, attemptNumber: number) {
    this.#ground = ground;
    this.#attempt = attempt;
    this.attempt = attemptNumber;
    this.executor = new TransactionExecutor(attempt, ground.storedEntries);
  }

  get id(): number {
    return this.#attempt.id;
  }

  get label(): string | undefined {
    return this.#attempt.label;
  }

  table<K extends Key, V>(definition: TableDefinition<K, V>): Table<K, V> {
    return this.#ground.tables.tableWith(definition, () => this.executor);
  }

  transaction<T>(body: TransactionBody<T>, options: NestedOptions = {}): Promise<T> {
    try {
      checkNestedCall(body, options);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const inner = options.readOnly === true ? this.#readOnlyView() : this;
    return this.#joined(this.#attempt.bounded(this.#nested(inner, body, options.keys), options));
  }

  /** One that a body forgets ends with the transaction, which is refused for it; that is not to end the process too. */
  #joined<T>(nested: Promise<T>): Promise<T> {
    if (this.#nestedUnderWay === undefined) {
      const underWay = new Set<Promise<unknown>>();
      const attemptEnded = (): void => {
        for (const each of underWay) each.catch(() => undefined);
      };
      this.#attempt.whenEnded({ attemptEnded });
      this.#nestedUnderWay = underWay;
    }
    const underWay = this.#nestedUnderWay;
    const joined: Promise<T> = nested.finally(() => underWay.delete(joined));
    underWay.add(joined);
    return joined;
  }

  async #nested<T>(
    inner: OpenTransaction,
    body: TransactionBody<T>,
    keys: DeclaredKeys | undefined,
  ): Promise<T> {
    this.#attempt.assertOpen();
    this.#attempt.operationsUnderWay++;
    try {
      await this.#declare(keys);
      return await this.#undoable(inner, body);
    } finally {
      this.#attempt.operationsUnderWay--;
    }
  }

  /** Undoes what the body wrote if it throws. */
  async #undoable<T>(inner: OpenTransaction, body: TransactionBody<T>): Promise<T> {
    const { workspace } = this.#attempt;
    const savepoint = workspace.savepoint();
    try {
      return await this.#ground.context.run(inner, () => body(inner));
    } catch (error) {
      workspace.rollbackTo(savepoint);
      throw error;
    }
  }

  #readOnlyView(): OpenTransaction {
    const executor = readOnlyExecutor(this.executor);
    const view: OpenTransaction = {
      id: this.id,
      attempt: this.attempt,
      label: this.label,
      readOnly: true,
      readTimestamp: undefined,
      executor,
      table: (definition) => this.#ground.tables.tableWith(definition, () => executor),
      transaction: (body, options) => this.transaction(body, { ...options, readOnly: true }),
    };
    return view;
  }

  /** Locks the keys that were declared, all at once, and tells `waiter`; maybe within the call. */
  declareFor(keys: DeclaredKeys, waiter: LockWaiter): void {
    const { keys: placer } = this.#ground;
    if (keys === 'all') this.executor.declareAll(placer.allTables(), waiter);
    else this.executor.declare(placer.place(keys), waiter);
  }

  #declare(keys: DeclaredKeys | undefined): Promise<void> {
    if (keys === undefined) return Promise.resolve();
    return new Promise((resolve, reject) =>
      this.declareFor(keys, { locksHeld: resolve, locksRefused: reject }),
    );
  }
}

/** A transaction that reads one moment of the whole grid. */
export class SnapshotTransaction implements OpenTransaction {
  readonly readOnly = true;
  readonly attempt = 1;
  readonly id: number;
  readonly label: string | undefined;
  readonly #ground: TransactionGround;
  readonly #snapshot: Snapshot;
  readonly #executor: SnapshotExecutor;
  #ended = false;

  constructor(ground: TransactionGround, id: number, label: string | undefined) {
    this.#ground = ground;
    this.id = id;
    this.label = label;
    this.#snapshot = ground.tables.snapshots.acquire();
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

  table<K extends Key, V>(definition: TableDefinition<K, V>): Table<K, V> {
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
