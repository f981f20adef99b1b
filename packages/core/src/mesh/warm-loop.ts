/**
 * The latency mode: keeps the event loop of a thread turning for a while after each message. A loop that has nothing to do
 * sleeps in the kernel, and with it its core; waking both takes most of an idle round trip between threads. One that
 * turns finds the next message within microseconds, at the price of its core for as long.
 *
 * Where there are fewer cores than threads that turn, they take turns at the cores, and everybody waits for milliseconds.
 * A loop sees that by a turn that took too long, and lets its core go for a while. (So does one whose own handlers took
 * that long: it has work, and needs no waking.)
 */
import type { Clock } from '../clock.ts';
import { warmLoopHeldUpMs, warmLoopRestMs } from '../limits.ts';

export class WarmLoop {
  readonly #keepMs: number;
  readonly #clock: Pick<Clock, 'now' | 'nextTurn'>;
  #untilMs = 0;
  #lastTurnMs = 0;
  #restsUntilMs = 0;
  #isTurning = false;

  /** Turns for `keepMs` milliseconds after the last message. */
  constructor(keepMs: number, clock: Pick<Clock, 'now' | 'nextTurn'>) {
    this.#keepMs = keepMs;
    this.#clock = clock;
  }

  /** A message has come or gone. */
  readonly touch = (): void => {
    const nowMs = this.#clock.now();
    this.#untilMs = nowMs + this.#keepMs;
    if (this.#isTurning || nowMs < this.#restsUntilMs) return;
    this.#isTurning = true;
    this.#lastTurnMs = nowMs;
    this.#clock.nextTurn(this.#turn);
  };

  readonly #turn = (): void => {
    const nowMs = this.#clock.now();
    const isHeldUp = nowMs - this.#lastTurnMs > warmLoopHeldUpMs;
    if (isHeldUp) this.#restsUntilMs = nowMs + warmLoopRestMs;
    this.#lastTurnMs = nowMs;
    if (!isHeldUp && nowMs < this.#untilMs) this.#clock.nextTurn(this.#turn);
    else this.#isTurning = false;
  };
}
