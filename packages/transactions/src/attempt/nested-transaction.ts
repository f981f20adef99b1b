/** A nested transaction, as its body gets it: the operations of the one it is part of, in a scope of its own. */
import type { JoinedCalls, Key, MemberTables, Table, TableDefinition, TableExecutor } from '@troupe/core';
import type { OpenTransaction } from './context.ts';
import type { ScopeId } from './scopes.ts';
import type { NestedOptions, TransactionBody } from './transaction.ts';

/** What it is part of. */
export interface NestedParts {
  readonly around: OpenTransaction;
  readonly scope: ScopeId;
  readonly readOnly: boolean;
  readonly executor: TableExecutor;
  readonly calls: () => JoinedCalls;
  readonly tables: MemberTables;
  nest<T>(inner: ScopeId, body: TransactionBody<T>, options: NestedOptions): Promise<T>;
}

export class NestedTransaction implements OpenTransaction {
  readonly readTimestamp = undefined;
  readonly scope: ScopeId;
  readonly readOnly: boolean;
  readonly executor: TableExecutor;
  readonly #parts: NestedParts;

  constructor(parts: NestedParts) {
    this.#parts = parts;
    this.scope = parts.scope;
    this.readOnly = parts.readOnly;
    this.executor = parts.executor;
  }

  get calls(): JoinedCalls {
    return this.#parts.calls();
  }

  get id(): number {
    return this.#parts.around.id;
  }

  get attempt(): number {
    return this.#parts.around.attempt;
  }

  get label(): string | undefined {
    return this.#parts.around.label;
  }

  table<K extends Key, V, I = V>(definition: TableDefinition<K, V, I>): Table<K, V, I> {
    return this.#parts.tables.tableWith(definition, () => this.executor);
  }

  transaction<T>(body: TransactionBody<T>, options: NestedOptions = {}): Promise<T> {
    return this.#parts.nest(this.scope, body, this.readOnly ? { ...options, readOnly: true } : options);
  }
}
