/**
 * Code of a transaction on another member than the one that coordinates it, or in another call there: a *branch*. It
 * has no workspace and no locks; each operation is a request to the coordinator's member. A branch lasts as long as
 * the call it was made for; it ends earlier when nobody waits for the call, because the transaction has ended.
 */
import type {
  ActorMessage,
  Branch,
  CallOptions,
  JoinedCalls,
  Key,
  Member,
  MemberTables,
  Message,
  Table,
  TableDefinition,
  TableExecutor,
} from '@troupe/core';
import { boundedWait, TransactionFinishedError } from '@troupe/core';
import type { OpenTransaction, TransactionContext } from '../attempt/context.ts';
import type { KeyPlacer } from '../attempt/declared-keys.ts';
import { NestedTransaction } from '../attempt/nested-transaction.ts';
import { readOnlyExecutor } from '../attempt/read-only-executor.ts';
import type { ScopeId } from '../attempt/scopes.ts';
import type { NestedOptions, TransactionBody } from '../attempt/transaction.ts';
import { notAwaited } from '../attempt/transaction-body.ts';
import type { StoredEntries } from '../attempt/transaction-executor.ts';
import { checkTransactionCall } from '../attempt/transaction-options.ts';
import { type TransactionPlace, toRef } from '../attempt/transaction-ref.ts';
import { readOnlyActors } from '../attempt/trunk.ts';
import { BranchOp } from '../protocol/messages.ts';
import { BranchExecutor } from './branch-executor.ts';

/** What branches need of their member. */
export interface BranchGround {
  readonly member: Member;
  readonly tables: MemberTables;
  readonly context: TransactionContext;
  readonly keys: KeyPlacer;
  readonly storedEntries: StoredEntries;
}

/** What a request takes besides its values. */
const fixedBytes = 48;

export class TransactionBranch implements Branch, OpenTransaction {
  readonly readTimestamp = undefined;
  readonly executor: TableExecutor;
  readonly #writing: TableExecutor;
  readonly #ground: BranchGround;
  readonly #place: TransactionPlace;
  #underWay = 0;
  #ended: Error | undefined;
  #controller: AbortController | undefined;
  /** What the first failed call of it threw. */
  #failure: { readonly error: unknown } | undefined;

  constructor(ground: BranchGround, place: TransactionPlace) {
    this.#ground = ground;
    this.#place = place;
    this.#writing = new BranchExecutor(
      (op, rest, bytes, options) =>
        this.#ask(op, ground.context.scopeIn(place.id, place.scope), rest, bytes, options),
      ground.storedEntries,
      () => this.#assertOpen(),
    );
    this.executor = place.readOnly ? readOnlyExecutor(this.#writing) : this.#writing;
  }

  get id(): number {
    return this.#place.id;
  }

  get attempt(): number {
    return this.#place.attempt;
  }

  get label(): string | undefined {
    return this.#place.label;
  }

  get readOnly(): boolean {
    return this.#place.readOnly;
  }

  get scope(): ScopeId {
    return this.#place.scope;
  }

  get calls(): JoinedCalls {
    return this.#callsIn(this.scope, this.readOnly);
  }

  table<K extends Key, V, I = V>(definition: TableDefinition<K, V, I>): Table<K, V, I> {
    return this.#ground.tables.tableWith(definition, () => this.executor);
  }

  transaction<T>(body: TransactionBody<T>, options: NestedOptions = {}): Promise<T> {
    return this.#nest(this.scope, body, this.readOnly ? { ...options, readOnly: true } : options);
  }

  // ── the call it was made for ──────────────────────────────────────────────────────────────────────────────────

  async run<T>(name: string, work: () => T | PromiseLike<T>): Promise<T> {
    let value: T;
    try {
      this.#assertOpen();
      value = await this.#ground.context.run(this, work);
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#underWay > 0) throw notAwaited(`${name} returned`, this.#underWay);
    } finally {
      this.end(new TransactionFinishedError(`${name}, which it was called in, has returned`));
    }
    return value;
  }

  end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#controller?.abort(reason);
  }

  // ── nested transactions ───────────────────────────────────────────────────────────────────────────────────────

  #nest<T>(called: ScopeId, body: TransactionBody<T>, options: NestedOptions): Promise<T> {
    try {
      checkTransactionCall(body, options);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const outer = this.#ground.context.scopeIn(this.id, called);
    return this.#counted(options, () => this.#nested(outer, body, options));
  }

  async #nested<T>(outer: ScopeId, body: TransactionBody<T>, options: NestedOptions): Promise<T> {
    const scope = (await this.#ask(BranchOp.begin, outer, [this.#declared(options)])) as ScopeId;
    const readOnly = options.readOnly === true;
    const inner = new NestedTransaction({
      around: this,
      scope,
      readOnly,
      tables: this.#ground.tables,
      executor: readOnly ? readOnlyExecutor(this.#writing) : this.#writing,
      calls: () => this.#callsIn(this.#ground.context.scopeIn(this.id, scope), readOnly),
      nest: (called, nestedBody, nestedOptions) => this.#nest(called, nestedBody, nestedOptions),
    });
    let value: T;
    try {
      value = await this.#ground.context.run(inner, () => body(inner));
    } catch (error) {
      // When the transaction has ended there is nothing to undo, and what the body threw is what counts.
      await this.#ask(BranchOp.end, scope, [0]).catch(() => undefined);
      throw error;
    }
    await this.#ask(BranchOp.end, scope, [1]);
    return value;
  }

  #declared({ keys }: NestedOptions): unknown {
    if (keys === undefined || keys === 'all') return keys;
    return this.#ground.keys.place(keys).flatMap(({ table, key, partition }) => [table, key, partition]);
  }

  // ── calls ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #callsIn(scope: ScopeId, readOnly: boolean): JoinedCalls {
    const call: JoinedCalls['call'] = (options, send) =>
      this.#counted(options, () => this.#failing(() => this.#send(scope, readOnly, send)));
    if (readOnly) return { ...readOnlyActors, call };
    return {
      call,
      ask: (message, options) => this.#ask(BranchOp.ask, scope, fieldsOf(message), message.bytes, options),
      tell: async (message) => {
        await this.#ask(BranchOp.tell, scope, fieldsOf(message), message.bytes);
      },
    };
  }

  #send(scope: ScopeId, readOnly: boolean, send: Parameters<JoinedCalls['call']>[1]): Promise<unknown> {
    this.#assertOpen();
    this.#controller ??= new AbortController();
    const ref = toRef({ ...this.#place, scope, readOnly });
    return send(ref, { timeoutMs: Number.POSITIVE_INFINITY, signal: this.#controller.signal });
  }

  /** A call whose failure is one of the transaction: the branch fails with it, and so does the transaction. */
  async #failing<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  // ── operations ────────────────────────────────────────────────────────────────────────────────────────────────

  /** One request to the coordinator's member: `[op, id, scope, ...rest]`. */
  #ask(
    op: number,
    scope: ScopeId,
    rest: readonly unknown[],
    bytes = 0,
    options?: CallOptions,
  ): Promise<unknown> {
    return this.#counted(undefined, async () => {
      this.#assertOpen();
      const { member } = this.#ground;
      const { id, home } = this.#place;
      if (member.tryPeer(home) === undefined)
        throw new TransactionFinishedError('the thread that ran the transaction has ended, and it with it');
      const message: Message = [op, 0, id, scope, ...rest];
      const timeoutMs = options?.timeoutMs ?? Number.POSITIVE_INFINITY;
      return member.request(home, message, bytes + fixedBytes, { timeoutMs, signal: options?.signal });
    });
  }

  /** Counts as under way until it has ended. When its options end the wait they end the transaction. */
  #counted<T>(options: CallOptions | undefined, begin: () => Promise<T>): Promise<T> {
    this.#underWay++;
    const begun = begin();
    const isBounded = options?.timeoutMs !== undefined || options?.signal !== undefined;
    const bounded = isBounded
      ? boundedWait(this.#ground.member.clock, begun, options, 'the transaction was aborted', () =>
          this.#abort(),
        )
      : begun;
    const operation = bounded.finally(() => this.#underWay--);
    // One that the branch forgets is refused with it; it is not to end the process too.
    operation.catch(() => undefined);
    return operation;
  }

  #abort(): void {
    const { member } = this.#ground;
    const home = member.tryPeer(this.#place.home);
    if (home !== undefined) member.sendProtocol(home, [BranchOp.abort, 0, this.id]);
  }

  #assertOpen(): void {
    if (this.#ended === undefined) return;
    throw this.#ended instanceof TransactionFinishedError
      ? this.#ended
      : new TransactionFinishedError(`this part of the transaction has ended: ${this.#ended.message}`, {
          cause: this.#ended,
        });
  }
}

function fieldsOf({ actor, key, partition, method, args, path, context }: ActorMessage): unknown[] {
  const fields: unknown[] = [actor, key, partition, method, args];
  if (path !== undefined || context !== undefined) fields.push(path);
  if (context !== undefined) fields.push(context);
  return fields;
}
