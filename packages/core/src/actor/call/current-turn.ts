/**
 * Which turn of an actor the running code belongs to, so that the calls it makes carry their path.
 *
 * While a method runs for the first time, up to its first await, a variable says it. After an await only an async
 * context can, and that costs something at each promise; so a turn enters one only when it takes a reference from its
 * context (`ctx.actor(…)`), or when this thread has been sent references, which may be called without. Turns that call
 * nobody pay for a variable.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SharedState } from '../../mesh/shared-state.ts';
import type { Letter } from '../mail/letter.ts';

/** What code outside of any turn finds out. */
export interface CurrentTurnSource {
  current(): Letter | undefined;
}

export class CurrentTurn implements CurrentTurnSource {
  /** Set when references came from elsewhere: from now on each asynchronous method runs in the context of its turn. */
  holdsReferences = false;
  readonly #storage = new AsyncLocalStorage<Letter | undefined>();
  #running: Letter | undefined;
  #entered: Letter | undefined;
  #used = false;

  /** The turn that the running code belongs to, as long as it is under way. */
  current(): Letter | undefined {
    const turn = this.#running ?? (this.#used ? this.#storage.getStore() : undefined);
    return turn?.place === 'running' ? turn : undefined;
  }

  /** The synchronous part of the turn begins. Give what this answers to `leave`. */
  begin(turn: Letter): Letter | undefined {
    const outer = this.#running;
    this.#running = turn;
    return outer;
  }

  /** The synchronous part of the turn that began last is over. */
  leave(outer: Letter | undefined): void {
    if (this.#entered !== undefined && this.#entered === this.#running) this.#enterStorage(outer);
    this.#running = outer;
  }

  /** From here on the running code's async context is that of this turn. */
  enter(turn: Letter | undefined): void {
    if (turn === undefined || turn === this.#entered) return;
    if (this.#running === undefined) {
      if (this.#used && this.#storage.getStore() === turn) return;
      this.#used = true;
      this.#storage.enterWith(turn);
    } else if (turn === this.#running) this.#enterStorage(turn);
  }

  /** Within a synchronous part: `leave` must undo it. */
  #enterStorage(turn: Letter | undefined): void {
    this.#used = true;
    this.#entered = turn;
    this.#storage.enterWith(turn);
  }
}

const byGrid = new WeakMap<SharedState, CurrentTurn>();

/** The one of this grid's members on this thread: without threads there are two. */
export function currentTurnOf(shared: SharedState): CurrentTurn {
  let current = byGrid.get(shared);
  if (current === undefined) {
    current = new CurrentTurn();
    byGrid.set(shared, current);
  }
  return current;
}
