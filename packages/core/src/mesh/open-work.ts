/**
 * Work that lasts longer than one call, such as a transaction or a stream: begun before the grid starts to close, it
 * may go on making calls until the deadline of the close; begun after, it is refused. Also for things without an
 * answer of their own, which `close()` would otherwise not wait for.
 */
import { GridClosedError } from '../errors/errors.ts';

export class OpenWork {
  #count = 0;
  #closing = false;
  #drained: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  /** False when the grid is closing and nothing runs that would have the right to make calls. */
  get mayCall(): boolean {
    return !this.#closing || this.#count > 0;
  }

  /** Something begins; call what this returns at its end. Throws GRID_CLOSED. */
  begin(): () => void {
    this.enter();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.leave();
    };
  }

  /** As `begin`, for callers who make sure that `leave` follows once. */
  enter(): void {
    if (this.#closing) throw new GridClosedError('the grid is closing or closed');
    this.#count++;
  }

  leave(): void {
    this.#count--;
    if (this.#count === 0 && this.#drained.length > 0)
      for (const resolve of this.#drained.splice(0)) resolve();
  }

  stopAccepting(): void {
    this.#closing = true;
  }

  async idle(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }
}
