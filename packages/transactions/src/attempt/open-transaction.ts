/**
 * The `Transaction` that bodies get which locks and writes: an attempt behind it, the nested transactions within it,
 * and, once it calls actors or jobs, its trunk. What it needs of its member stands here, too.
 */
import type { JoinedCalls, Key, MemberTables, Table, TableDefinition } from '@troupe/core';
import { InvalidArgumentError } from '@troupe/core';
import type { Savepoint } from '../protocol/workspace.ts';
import type { Attempt } from './attempt.ts';
import type { LockWaiter } from './attempt-steps.ts';
import type { PlacedActor } from './busy-actors.ts';
import type { OpenTransaction, TransactionContext } from './context.ts';
import type { KeyPlacer, PlacedKeys } from './declared-keys.ts';
import { NestedTransaction } from './nested-transaction.ts';
import { readOnlyExecutor } from './read-only-executor.ts';
import { outermost, type ScopeId, Scopes } from './scopes.ts';
import type { DeclaredKeys, NestedOptions, TransactionBody } from './transaction.ts';
import { type StoredEntries, TransactionExecutor } from './transaction-executor.ts';
import { checkNestedCall } from './transaction-options.ts';
import { Trunk, type TrunkGround } from './trunk.ts';

/** The trunks of a member. */
export interface Trunks extends TrunkGround {
  /** Branches may ask for operations of this transaction from now on, until the attempt ends. */
  opened(transaction: LockingTransaction, attempt: Attempt, trunk: Trunk): void;
}

/** What open transactions need of their member. */
export interface TransactionGround {
  readonly tables: MemberTables;
  readonly context: TransactionContext;
  readonly keys: KeyPlacer;
  readonly storedEntries: StoredEntries;
  readonly trunks: Trunks;
  /** A transaction begins, which `close()` waits for. Throws GRID_CLOSED when it is too late. */
  beginWork(): void;
  endWork(): void;
}

/** Where a nested transaction began. */
interface NestedSavepoint {
  readonly workspace: Savepoint;
  /** Tells that waited for the commit. */
  readonly tells: number;
}

/** A transaction that locks and writes. */
export class LockingTransaction implements OpenTransaction {
  readonly scope = outermost;
  readonly readOnly = false;
  readonly readTimestamp = undefined;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly executor: TransactionExecutor;
  readonly #ground: TransactionGround;
  readonly #attempt: Attempt;
  #scopes: Scopes<NestedSavepoint> | undefined;
  #trunk: Trunk | undefined;
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

  get calls(): JoinedCalls {
    return this.#trunkNow().callsIn(() => this.#ground.context.scopeIn(this.id, outermost));
  }

  table<K extends Key, V, I = V>(definition: TableDefinition<K, V, I>): Table<K, V, I> {
    return this.#ground.tables.tableWith(definition, () => this.executor);
  }

  transaction<T>(body: TransactionBody<T>, options: NestedOptions = {}): Promise<T> {
    return this.#nest(outermost, body, options);
  }

  // ── nested transactions ───────────────────────────────────────────────────────────────────────────────────────

  /** Begins one in `outer`, which holds these keys. Throws INVALID_ARGUMENT when another is under way there. */
  async beginNested(outer: ScopeId, keys: PlacedKeys | undefined): Promise<ScopeId> {
    const { workspace } = this.#attempt;
    this.#attempt.assertOpen();
    if (this.#scopes === undefined) {
      const scopes = new Scopes<NestedSavepoint>();
      this.#scopes = scopes;
      this.#attempt.wrote = () => scopes.wroteIn(this.#ground.context.scopeIn(this.id, outermost));
    }
    const tells = this.#trunk?.tellCount ?? 0;
    const scope = this.#scopes.begin(outer, { workspace: workspace.savepoint(), tells });
    try {
      if (keys !== undefined) await this.#declare(keys);
    } catch (error) {
      this.#scopes.keep(scope);
      throw error;
    }
    return scope;
  }

  keepNested(scope: ScopeId): void {
    this.#scopes?.keep(scope);
  }

  /** Undoes what it wrote, and forgets what it would have told. */
  undoNested(scope: ScopeId): void {
    const undo = this.#scopes?.undo(scope);
    if (undo === undefined) return;
    if (undo.mixed) {
      this.#attempt.fail(notAlone());
      return;
    }
    this.#attempt.workspace.rollbackTo(undo.savepoint.workspace);
    this.#trunk?.dropTellsAfter(undo.savepoint.tells);
  }

  /** The same transaction for code that runs in `scope`. */
  at(scope: ScopeId): OpenTransaction {
    return scope === outermost ? this : this.#inner(scope, false);
  }

  #nest<T>(called: ScopeId, body: TransactionBody<T>, options: NestedOptions): Promise<T> {
    try {
      checkNestedCall(body, options);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    if (options.signal?.aborted === true) {
      this.#attempt.fail(options.signal.reason);
      return Promise.reject(options.signal.reason as Error);
    }
    // Bodies may use the outer transaction's object inside a nested one: the running code tells where they are.
    const outer = this.#ground.context.scopeIn(this.id, called);
    return this.#joined(this.#attempt.bounded(this.#nested(outer, body, options), options));
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

  async #nested<T>(outer: ScopeId, body: TransactionBody<T>, options: NestedOptions): Promise<T> {
    this.#attempt.assertOpen();
    this.#attempt.operationsUnderWay++;
    try {
      const keys = options.keys === undefined ? undefined : this.#place(options.keys);
      const scope = await this.beginNested(outer, keys);
      return await this.#undoable(scope, options.readOnly === true, body);
    } finally {
      this.#attempt.operationsUnderWay--;
    }
  }

  /** Undoes what the body wrote if it throws. */
  async #undoable<T>(scope: ScopeId, readOnly: boolean, body: TransactionBody<T>): Promise<T> {
    const inner = this.#inner(scope, readOnly);
    try {
      const value = await this.#ground.context.run(inner, () => body(inner));
      this.keepNested(scope);
      return value;
    } catch (error) {
      this.undoNested(scope);
      throw error;
    }
  }

  #inner(scope: ScopeId, readOnly: boolean): OpenTransaction {
    const scopeNow = (): ScopeId => this.#ground.context.scopeIn(this.id, scope);
    const trunk = (): Trunk => this.#trunkNow();
    return new NestedTransaction({
      around: this,
      scope,
      readOnly,
      tables: this.#ground.tables,
      executor: readOnly ? readOnlyExecutor(this.executor) : this.executor,
      calls: () => (readOnly ? trunk().readOnlyCallsIn(scopeNow) : trunk().callsIn(scopeNow)),
      nest: (called, body, options) => this.#nest(called, body, options),
    });
  }

  // ── locks ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Locks the keys that were declared, all at once, and tells `waiter`; maybe within the call. */
  declareFor(keys: DeclaredKeys, waiter: LockWaiter): void {
    this.#declareFor(this.#place(keys), waiter);
  }

  /** Locks these actors before anything else, waiting for their turns that are under way. */
  declareActors(actors: readonly PlacedActor[]): Promise<void> {
    return this.executor.lockActorsPatiently(actors);
  }

  #declareFor(keys: PlacedKeys, waiter: LockWaiter): void {
    if (keys === 'all') this.executor.declareAll(this.#ground.keys.allTables(), waiter);
    else this.executor.declare(keys, waiter);
  }

  #declare(keys: PlacedKeys): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#declareFor(keys, { locksHeld: resolve, locksRefused: reject }),
    );
  }

  #place(keys: DeclaredKeys): PlacedKeys {
    return keys === 'all' ? keys : this.#ground.keys.place(keys);
  }

  #trunkNow(): Trunk {
    if (this.#trunk === undefined) {
      this.#trunk = new Trunk(this.#ground.trunks, this.#attempt, this.attempt);
      this.#ground.trunks.opened(this, this.#attempt, this.#trunk);
    }
    return this.#trunk;
  }
}

function notAlone(): InvalidArgumentError {
  return new InvalidArgumentError(
    'a nested transaction failed after other parts of the transaction had written beside it; what it wrote could not be told from that, so all was undone: await it before going on',
    { details: { argument: 'body' } },
  );
}
