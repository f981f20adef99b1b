/**
 * When the links of one member flush. The first messages of a turn of the event loop leave in a microtask, behind
 * everything that is already due to run; whatever the rest of the turn adds leaves together at its end. So a lone
 * call loses no time, and under load a turn sends each link two frames at most, however many callbacks it runs:
 * flushing at every microtask would put one message in each frame, and threads would wake each other all the time.
 */
import { type Clock, systemClock } from '../clock.ts';

export class Flusher {
  /** Told of each flush that sent something. */
  onFlush: (() => void) | undefined = undefined;
  readonly #clock: Pick<Clock, 'nextTurn'>;
  #dirty: (() => void)[] = [];
  #afterFlush: (() => void)[] = [];
  #scheduled = false;
  /** The early flush of this turn has been used. */
  #early = false;
  readonly #flush = (): void => {
    if (this.#scheduled) this.flushNow();
  };
  readonly #turnEnds = (): void => {
    this.#early = false;
    this.#flush();
  };

  constructor(clock: Pick<Clock, 'nextTurn'> = systemClock) {
    this.#clock = clock;
  }

  /** Runs `flush` soon. A link asks once until it has been flushed. */
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
    if (this.#dirty.length > 0) this.onFlush?.();
    // What is added by a flush is flushed with it.
    this.#scheduled = true;
    try {
      while (this.#dirty.length > 0) {
        const dirty = this.#dirty;
        this.#dirty = [];
        for (const flush of dirty) flush();
      }
    } finally {
      this.#scheduled = false;
    }
    if (this.#afterFlush.length === 0) return;
    const after = this.#afterFlush;
    this.#afterFlush = [];
    for (const action of after) action();
  }

  #arm(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#early) return;
    this.#early = true;
    queueMicrotask(this.#flush);
    this.#clock.nextTurn(this.#turnEnds);
  }
}
