/** How many messages wait or have their turn, and what keeps the member open meanwhile, so that closing waits for tells. */
import type { OpenWork } from '../../mesh/open-work.ts';

export class OpenLetters {
  count = 0;
  readonly #work: OpenWork;
  #release: (() => void) | undefined;

  constructor(work: OpenWork) {
    this.#work = work;
  }

  /** Those that are counted last longer than the call that brought them. */
  keep(): void {
    if (this.count > 0) this.#release ??= this.#begin();
  }

  finished(count: number): void {
    this.count -= count;
    if (this.count > 0 || this.#release === undefined) return;
    this.#release();
    this.#release = undefined;
  }

  /** Undefined when the grid closes already: then the message has its turn for as long as the close waits for others. */
  #begin(): (() => void) | undefined {
    try {
      return this.#work.begin();
    } catch {
      return undefined;
    }
  }
}
