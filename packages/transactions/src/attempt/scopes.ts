/**
 * The nested transactions of one attempt that are open: a stack, because a savepoint undoes whatever was written after
 * it, by whomever. So one may begin only where the innermost one is, and two that were begun side by side in one body
 * could not be told apart: the second is refused. Plain operations beside one are let through, and noted: then it can't
 * be undone alone. Pure.
 *
 * A scope is the number of a nested transaction; 0 is the transaction itself.
 */
import { InvalidArgumentError } from '@troupe/core';

export type ScopeId = number;

/** The scope of what is in no nested transaction. */
export const outermost: ScopeId = 0;

interface OpenScope<Savepoint> {
  readonly id: ScopeId;
  readonly savepoint: Savepoint;
  /** What doesn't belong to it has been written since it began. */
  mixed: boolean;
}

/** Where to go back to, unless that would undo what belongs to others. */
export type Undo<Savepoint> = Pick<OpenScope<Savepoint>, 'savepoint' | 'mixed'>;

export class Scopes<Savepoint> {
  readonly #open: OpenScope<Savepoint>[] = [];
  #last = outermost;

  get innermost(): ScopeId {
    return this.#open.at(-1)?.id ?? outermost;
  }

  /** Begins one within `outer`, at this savepoint. Throws INVALID_ARGUMENT when another one is under way there. */
  begin(outer: ScopeId, savepoint: Savepoint): ScopeId {
    if (outer !== this.innermost) throw this.#notInnermost(outer);
    const id = ++this.#last;
    this.#open.push({ id, savepoint, mixed: false });
    return id;
  }

  /** Something was written in this scope. */
  wroteIn(scope: ScopeId): void {
    for (let at = this.#open.length - 1; at >= 0; at--) {
      const open = this.#open[at];
      if (open === undefined || open.id === scope) return;
      open.mixed = true;
    }
  }

  /** It has ended well: what it wrote belongs to the one around it. */
  keep(id: ScopeId): void {
    const at = this.#indexOf(id);
    if (at >= 0) this.#open.splice(at, 1);
  }

  /** It has failed, and with it those that are open within it. Undefined when it is gone already. */
  undo(id: ScopeId): Undo<Savepoint> | undefined {
    const at = this.#indexOf(id);
    return at < 0 ? undefined : this.#open.splice(at)[0];
  }

  #indexOf(id: ScopeId): number {
    return this.#open.findIndex((scope) => scope.id === id);
  }

  #notInnermost(outer: ScopeId): InvalidArgumentError {
    const isOpen = outer === outermost || this.#indexOf(outer) >= 0;
    return new InvalidArgumentError(
      isOpen
        ? 'a nested transaction was begun while another one of the same body was under way: what each of them wrote could not be told apart; await the first before beginning the next'
        : 'a nested transaction was begun in one that has ended already; await each of them',
      { details: { argument: 'body' } },
    );
  }
}
