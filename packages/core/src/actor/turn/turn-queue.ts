/**
 * Who takes the next turn on this thread. Pure: the clock and the event loop are ports.
 *
 * Actors that can run take a few turns each, round and round, at once in the call that delivers their message, or when
 * all messages that arrived together are in their mailboxes. A turn that sends to another actor of this thread only puts
 * it in the queue, so chains of messages don't deepen the stack. After about `turnBudgetMs` within one turn of the event
 * loop the queue stops and goes on in the next one, so a flood doesn't keep timers, locks and the other layers waiting.
 * The clock is read every `clockStride` turns only.
 */
import { Mailbox, type MailboxItem } from '../mail/mailbox.ts';

/** How long actors may run within one turn of the event loop. Longer delays everything else on the thread. */
export const turnBudgetMs = 1;
/**
 * How long when the alternative is to refuse messages of other threads because a mailbox is full. Much larger, for
 * a refusal costs the thread more than a quick turn; but beyond it slow actors must not hold everything up.
 */
export const turnBudgetMsMax = 50;
/** Turns between two looks at the clock. */
const clockStride = 16;
/** Turns of one actor before others have theirs: its state and its methods are at hand. */
export const turnsAtOnce = 8;

/** The world of a turn queue. */
export interface TurnPorts {
  /** Milliseconds that never go back. */
  now(): number;
  /** Calls `run` in the next turn of the event loop. */
  later(run: () => void): void;
  /** Calls `run` now, outside the async context of whoever is calling. */
  detached(run: () => void): void;
}

/** What takes turns. */
export interface TurnTaker extends MailboxItem<TurnTaker> {
  /** True when it waits in the queue; kept by the queue. */
  queued: boolean;
  /** True when there is something to do now. */
  readonly runnable: boolean;
  /** Takes turns while it can, `turnsMax` at most; how many. Must not throw. */
  runTurns(turnsMax: number): number;
}

export class TurnQueue {
  readonly #ports: TurnPorts;
  readonly #queue = new Mailbox<TurnTaker>(Number.POSITIVE_INFINITY);
  readonly #drainNow = (): void => this.#drain();
  readonly #resume = (): void => this.#nextLoopTurn();
  #running = false;
  #yielded = false;
  #held = false;
  /** In this turn of the event loop. */
  #turns = 0;
  /** At how many of them the clock is looked at. */
  #nextLook = clockStride;
  #startedMs = 0;
  #resumed: Promise<void> | undefined;
  #resolveResumed: () => void = () => undefined;

  constructor(ports: TurnPorts) {
    this.#ports = ports;
  }

  /** It has become runnable. Runs at once unless others do, have had their time in this turn of the loop, or are held. */
  add(taker: TurnTaker): void {
    if (taker.queued) return;
    this.#enqueue(taker);
    if (!this.#held) this.#drainUnlessLater();
  }

  /** More messages are at hand: turns begin when all of them are in their mailboxes. */
  hold(): void {
    this.#held = true;
  }

  /** Those were all. */
  release(): void {
    this.#held = false;
    if (this.#queue.length > 0) this.#drainUnlessLater();
  }

  /** True when actors have had their time in this turn of the event loop. */
  get yielded(): boolean {
    return this.#yielded;
  }

  /** Resolves when actors have their next time. */
  resumed(): Promise<void> {
    this.#resumed ??= new Promise((resolve) => {
      this.#resolveResumed = resolve;
    });
    return this.#resumed;
  }

  /**
   * Its mailbox is full: gives those that are held their time, and it one turn ahead of its own, unless actors have run
   * for `budgetMs` already in this turn of the event loop. False: nobody had a turn.
   */
  makeRoom(taker: TurnTaker, budgetMs: number): boolean {
    const haveRun = this.#held && this.#drainUnlessLater();
    if (this.#running || !taker.runnable || this.#ports.now() - this.#startedMs >= budgetMs) return haveRun;
    this.#running = true;
    this.#ports.detached(() => taker.runTurns(1));
    this.#running = false;
    return true;
  }

  /** Runs `turn` of a taker that has been let go on, also within somebody else's turn: it can't be later. */
  runNow(taker: TurnTaker, turn: () => void): void {
    this.#ports.detached(turn);
    if (taker.runnable) this.add(taker);
  }

  #enqueue(taker: TurnTaker): void {
    taker.queued = true;
    this.#queue.push(taker);
  }

  /** False: others run, or actors have had their time in this turn of the event loop. */
  #drainUnlessLater(): boolean {
    if (this.#running || this.#yielded) return false;
    this.#ports.detached(this.#drainNow);
    return true;
  }

  #drain(): void {
    this.#running = true;
    for (;;) {
      const taker = this.#queue.shift();
      if (taker === undefined) break;
      // At least one, so that the clock is looked at sooner or later.
      this.#turns += taker.runTurns(turnsAtOnce) || 1;
      if (taker.runnable) this.#queue.push(taker);
      else taker.queued = false;
      if (this.#turns >= this.#nextLook && this.#spent()) break;
    }
    this.#running = false;
  }

  #spent(): boolean {
    const isFirstLook = this.#nextLook === clockStride;
    this.#nextLook = this.#turns + clockStride;
    if (isFirstLook) {
      this.#startedMs = this.#ports.now();
      this.#ports.later(this.#resume);
      return false;
    }
    this.#yielded = this.#ports.now() - this.#startedMs >= turnBudgetMs;
    return this.#yielded;
  }

  #nextLoopTurn(): void {
    this.#turns = 0;
    this.#nextLook = clockStride;
    this.#yielded = false;
    if (!this.#running) this.#drain();
    if (this.#yielded) return;
    this.#resolveResumed();
    this.#resumed = undefined;
  }
}
