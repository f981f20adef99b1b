/**
 * Transactions as a member's users begin them. Checks what it is given, decides whether a call joins the transaction
 * it is made in, and hands the rest to closures, explicit transactions and procedures.
 */
import type { CoreMember, MemberTables } from '@troupe/core';
import { newest, ScanPart, scanPartitions } from '@troupe/core';
import { TransactionContext } from './attempt/context.ts';
import { KeyPlacer } from './attempt/declared-keys.ts';
import type { TransactionGround } from './attempt/open-transaction.ts';
import type {
  BeginOptions,
  ExplicitTransaction,
  RunOptions,
  Transaction,
  TransactionBody,
  TransactionOptions,
} from './attempt/transaction.ts';
import { checkBeginOptions, checkRunOptions, checkTransactionCall } from './attempt/transaction-options.ts';
import type { BranchGround } from './branch/branch.ts';
import { BranchService } from './branch/branch-service.ts';
import type { MemberLog } from './log/member-log.ts';
import type { ProcedureDefinition } from './procedure/procedure.ts';
import { ProcedureCalls } from './procedure/procedure-calls.ts';
import type { ControlledPartition, Participant } from './protocol/participant.ts';
import { TransactionalOperations } from './run/atomic-operations.ts';
import { Closures } from './run/closures.ts';
import { ExplicitTransactions } from './run/explicit-transactions.ts';
import { TransactionService, type TransactionSettings } from './transaction-service.ts';
import type { LockViews, TransactionViews } from './view/transaction-views.ts';
import { ViewService } from './view/view-service.ts';

/** What the transactions package adds to every member's client. */
export interface TransactionClient {
  /**
   * Runs `body` as a transaction: all of it or nothing, as if alone. It may run more than once (a lost conflict is
   * tried again), so it should touch nothing but the grid. Inside another transaction's body it joins that one.
   * Rejects with the body's own error, TRANSACTION_ABORTED, PARTITION_LOST, or the signal's reason.
   */
  transaction<T>(body: TransactionBody<T>, options?: TransactionOptions): Promise<T>;
  /** Begins a transaction that you end; `await using` rolls back what was not committed. */
  begin(options?: BeginOptions): Promise<ExplicitTransaction>;
  /** Runs a procedure at the owner of its first key, in one round trip when all its keys are there. */
  run<A extends readonly unknown[], R>(procedure: ProcedureDefinition<A, R>, ...args: A): Promise<Awaited<R>>;
  /** As `run`, with a deadline, a signal, a priority and an idempotency key. */
  runWith<A extends readonly unknown[], R>(
    procedure: ProcedureDefinition<A, R>,
    args: A,
    options: RunOptions,
  ): Promise<Awaited<R>>;
  /** The transaction whose body is running. */
  currentTransaction(): Transaction | undefined;
  /** Transactions of the whole grid: which are under way, ending one, what became of all. */
  readonly transactions: TransactionViews;
  /** Locks of the whole grid. */
  readonly locks: LockViews;
}

declare module '@troupe/core' {
  interface Client extends TransactionClient {}
}

export class Transactions implements TransactionClient {
  readonly service: TransactionService;
  readonly transactions: TransactionViews;
  readonly locks: LockViews;
  /** How calls of actors and jobs join transactions. */
  readonly branches: BranchService;
  readonly #context: TransactionContext;
  readonly #closures: Closures;
  readonly #explicit: ExplicitTransactions;
  readonly #procedures: ProcedureCalls;
  readonly #ground: TransactionGround & BranchGround;

  constructor(core: CoreMember, tables: MemberTables, settings: TransactionSettings) {
    const keys = new KeyPlacer(core, tables);
    this.#context = new TransactionContext(settings.followed ?? true);
    this.service = new TransactionService(core, settings);
    this.branches = new BranchService(core, this.#context, () => this.#ground);
    this.#ground = {
      member: core.member,
      trunks: this.branches,
      tables,
      keys,
      context: this.#context,
      storedEntries: (table, options, range) =>
        scanPartitions({
          calls: tables.calls,
          table: table.id,
          part: ScanPart.entries,
          snapshot: newest,
          options,
          range,
        }),
      beginWork: () => core.member.work.enter(),
      endWork: () => core.member.work.leave(),
    };
    this.#closures = new Closures(this.service, this.#ground);
    this.#explicit = new ExplicitTransactions(this.service, this.#closures, this.#ground);
    this.#procedures = new ProcedureCalls(core, keys, this.#closures, this.#context);
    const { transactions, locks } = new ViewService(core, this.service, this.#closures);
    this.transactions = transactions;
    this.locks = locks;
    tables.use(new TransactionalOperations(this.#closures, tables), () => this.#context.current()?.executor);
  }

  /** Where commits go, in a grid with storage. */
  get log(): MemberLog | undefined {
    return this.service.log;
  }

  /** The concurrency control of a partition that this member owns. */
  control(partition: ControlledPartition): Participant {
    return this.service.createParticipant(partition);
  }

  transaction<T>(body: TransactionBody<T>, options: TransactionOptions = {}): Promise<T> {
    try {
      checkTransactionCall(body, options);
      const current = options.independent === true ? undefined : this.#context.current();
      if (current !== undefined) return current.transaction(body, options);
      return options.readOnly === true
        ? this.#closures.runReadOnly(body, options)
        : this.#closures.prepare(body, options).start();
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async begin(options: BeginOptions = {}): Promise<ExplicitTransaction> {
    checkBeginOptions(options);
    return this.#explicit.begin(options);
  }

  run<A extends readonly unknown[], R>(
    procedure: ProcedureDefinition<A, R>,
    ...args: A
  ): Promise<Awaited<R>> {
    return this.#procedures.call(procedure as never, args) as Promise<Awaited<R>>;
  }

  async runWith<A extends readonly unknown[], R>(
    procedure: ProcedureDefinition<A, R>,
    args: A,
    options: RunOptions,
  ): Promise<Awaited<R>> {
    checkRunOptions(options);
    return (await this.#procedures.call(procedure as never, args, options)) as Awaited<R>;
  }

  currentTransaction(): Transaction | undefined {
    return this.#context.current();
  }

  /** Code on this thread is handed a client, whose operations are to join the transaction that they are called in. */
  follow(): void {
    this.#context.follow();
  }

  /** Runs `work` outside the transaction it is called in. */
  detached<T>(work: () => T): T {
    return this.#context.current() === undefined ? work() : this.#context.run(undefined, work);
  }

  close(): void {
    this.#closures.close();
    this.service.close();
  }
}
