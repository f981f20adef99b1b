/**
 * When the links of one member flush: once per turn of the event loop, all of them together. Flushing at every
 * microtask would put one message in each frame under load (threads wake each other all the time); one turn lets
 * everything that the turn's callbacks produced share a frame, and costs an idle member only the way from the poll
 * phase to the check phase.
 */
export class Flusher {
  #dirty: (() => void)[] = [];
  #afterFlush: (() => void)[] = [];
  #scheduled = false;

  /** Runs `flush` at the end of this turn. A link asks once until it has been flushed. */
  schedule(flush: () => void): void {
    this.#dirty.push(flush);
    this.#arm();
  }

  /** Runs `action` once, after everything that is queued now has been handed to its port. */
  afterFlush(action: () => void): void {
    this.#afterFlush.push(action);
    this.#arm();
  }

  /** Flushes at once: for the end of a member, whose event loop may not turn again. */
  flushNow(): void {
    this.#scheduled = false;
    while (this.#dirty.length > 0) {
      const dirty = this.#dirty;
      this.#dirty = [];
      for (const flush of dirty) flush();
    }
    const after = this.#afterFlush;
    this.#afterFlush = [];
    for (const action of after) action();
  }

  #arm(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      if (this.#scheduled) this.flushNow();
    });
  }
}
