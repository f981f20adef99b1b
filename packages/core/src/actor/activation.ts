/**
 * One actor that is active on this thread: its state, its mailbox and whose turn it is.
 *
 * The rules: one turn at a time, and a turn lasts until its method has ended, also when that is asynchronous. The
 * first turn makes the state; when that fails, everything that waits gets the error, the activation is over, and the
 * next message begins a new one. A method that throws fails its caller only: the state keeps what it had changed.
 * Synchronous methods touch no promise.
 *
 * No turn begins while a transaction holds the actor's lock, or stands in line for it: then the actor stands in the
 * same line, and takes one turn when it is through. What a transaction does to the state is done on copies elsewhere;
 * `install` brings the outcome.
 */
import type { StorageKey } from '../key/key.ts';
import type { PartitionConcurrency } from '../partition/partition-concurrency.ts';
import { StoredBytes } from '../storage/stored-codec.ts';
import type { OwnContext } from './actor-context.ts';
import type { ActorType } from './actor-type.ts';
import type { KeptState } from './kept-states.ts';
import type { Letter } from './letter.ts';
import { Mailbox } from './mailbox.ts';
import type { TurnTaker } from './turn-queue.ts';

/** What an activation tells its service. None of these may throw. */
export interface ActivationPort {
  /** It can take a turn now. */
  runnable(activation: Activation): void;
  /** The letter has left the mailbox. `ended` or `failed` follows. */
  taken(letter: Letter): void;
  ended(activation: Activation, letter: Letter, answer: unknown): void;
  failed(activation: Activation, letter: Letter, error: unknown): void;
  /** Its state could not be made. */
  over(activation: Activation): void;
  /** It has the lock for one turn, within this call: run `takeTurn` now. */
  unlocked(activation: Activation): void;
}

/** Who waits for a state. */
export interface StateWaiter {
  stateReady(state: unknown): void;
  stateFailed(error: unknown): void;
}

/**
 * `new`: has no state. `starting`: waits for it. `idle`: may take a turn. `busy`: a turn is under way. `locked`: waits
 * for a transaction to let go of it.
 */
type Phase = 'new' | 'starting' | 'idle' | 'busy' | 'locked' | 'over';

export class Activation implements TurnTaker {
  readonly type: ActorType;
  readonly key: StorageKey;
  readonly mailbox: Mailbox<Letter>;
  previous: TurnTaker | undefined = undefined;
  next: TurnTaker | undefined = undefined;
  queued = false;
  readonly #port: ActivationPort;
  readonly #context: OwnContext;
  readonly #concurrency: PartitionConcurrency;
  readonly #kept: KeptState | undefined;
  #phase: Phase = 'new';
  #restWaiters: (() => void)[] | undefined;
  #stateWaiters: StateWaiter[] | undefined;

  constructor(
    type: ActorType,
    key: StorageKey,
    context: OwnContext,
    concurrency: PartitionConcurrency,
    port: ActivationPort,
    kept?: KeptState,
  ) {
    this.type = type;
    this.key = key;
    this.mailbox = new Mailbox(type.mailboxLengthMax);
    this.#context = context;
    this.#concurrency = concurrency;
    this.#port = port;
    this.#kept = kept;
  }

  get runnable(): boolean {
    return this.mailbox.length > 0 && (this.#phase === 'idle' || this.#phase === 'new');
  }

  /** One more letter in the mailbox. False: it is full. */
  accept(letter: Letter): boolean {
    if (!this.mailbox.push(letter)) return false;
    if (this.runnable) this.#port.runnable(this);
    return true;
  }

  runTurn(): void {
    if (this.#phase === 'new') this.#start();
    // Making the state may have failed or be under way.
    if (!this.runnable) return;
    if (this.#concurrency.isFree(this.type.table, this.key, 'write')) this.takeTurn();
    else this.#waitForLock();
  }

  /** One turn, whoever has the lock. */
  takeTurn(): void {
    const letter = this.mailbox.shift();
    if (letter === undefined) return;
    this.#port.taken(letter);
    this.#call(letter);
  }

  // ── for transactions ──────────────────────────────────────────────────────────────────────────────────────────

  /** No turn is under way, nor is the state being made. */
  get atRest(): boolean {
    return this.#phase !== 'busy' && this.#phase !== 'starting';
  }

  /** Calls `resume` once, when that is so the next time. */
  whenAtRest(resume: () => void): void {
    if (this.#restWaiters === undefined) this.#restWaiters = [resume];
    else this.#restWaiters.push(resume);
  }

  /** The live state, made first if it must be; not to be changed. */
  withState(waiter: StateWaiter): void {
    if (this.#phase === 'new') {
      this.#stateWaiters = [waiter];
      this.#start();
    } else if (this.#phase === 'starting') this.#stateWaiters = [...(this.#stateWaiters ?? []), waiter];
    else waiter.stateReady(this.#context.state);
  }

  /** A transaction has committed this state. */
  install(state: unknown): void {
    this.#kept?.installed(state, this.type);
    if (this.#phase === 'new' || this.#phase === 'starting') this.#started(state);
    else this.#context.state = state;
  }

  /** Ends it: everything that waits fails with the error. A turn under way may still answer. */
  end(error: unknown): void {
    this.#phase = 'over';
    for (const waiter of this.#takeStateWaiters()) waiter.stateFailed(error);
    if (this.#restWaiters !== undefined) this.#rested();
    for (;;) {
      const letter = this.mailbox.shift();
      if (letter === undefined) return;
      this.#port.taken(letter);
      this.#port.failed(this, letter, error);
    }
  }

  #start(): void {
    // Not 'new' any more, so that a message that the function sends to its own actor doesn't begin it twice.
    this.#phase = 'starting';
    try {
      if (this.#kept?.isStored === true) {
        this.#started(this.#kept.restored());
        return;
      }
      const state = this.type.definition.state(this.#context.key as never);
      if (isPromiseLike(state)) this.#startLater(state);
      else this.#begun(state);
    } catch (error) {
      this.#startFailed(error);
    }
  }

  #startLater(state: PromiseLike<unknown>): void {
    Promise.resolve(state).then(
      (value) => {
        if (this.#phase !== 'starting') return;
        try {
          this.#begun(value);
        } catch (error) {
          this.#startFailed(error);
          return;
        }
        if (this.runnable) this.#port.runnable(this);
      },
      (error: unknown) => {
        if (this.#phase === 'starting') this.#startFailed(error);
      },
    );
  }

  /** With what the definition has made. */
  #begun(state: unknown): void {
    this.#kept?.began(state, this.type);
    this.#started(state);
  }

  #started(state: unknown): void {
    this.#context.state = state;
    this.#phase = 'idle';
    for (const waiter of this.#takeStateWaiters()) waiter.stateReady(state);
    if (this.#restWaiters !== undefined) this.#rested();
  }

  #startFailed(error: unknown): void {
    this.#port.over(this);
    this.end(error);
  }

  #takeStateWaiters(): readonly StateWaiter[] {
    const waiters = this.#stateWaiters ?? [];
    this.#stateWaiters = undefined;
    return waiters;
  }

  #rested(): void {
    const waiters = this.#restWaiters ?? [];
    this.#restWaiters = undefined;
    for (const resume of waiters) resume();
  }

  #waitForLock(): void {
    this.#phase = 'locked';
    try {
      this.#concurrency.wait(this.type.table, this.key, 'write', () => {
        if (this.#phase !== 'locked') return;
        this.#phase = 'idle';
        this.#port.unlocked(this);
      });
    } catch (error) {
      // Too many stand in line. The next letter may be luckier.
      this.#phase = 'idle';
      const letter = this.mailbox.shift();
      if (letter === undefined) return;
      this.#port.taken(letter);
      this.#port.failed(this, letter, error);
    }
  }

  #call(letter: Letter): void {
    const { methods, definition } = this.type;
    let answer: unknown;
    // Also while a synchronous method runs: it may begin a transaction, which must not take the actor from under it.
    this.#phase = 'busy';
    try {
      const method = methods[letter.method] as (
        this: unknown,
        context: unknown,
        ...args: readonly unknown[]
      ) => unknown;
      answer = method.call(definition.methods, this.#context, ...letter.args);
      if (isPromiseLike(answer)) {
        this.#endLater(letter, answer);
        return;
      }
    } catch (error) {
      if (this.#kept !== undefined) {
        this.#keep(this.#kept, letter, () => this.#port.failed(this, letter, error));
        return;
      }
      this.#rest();
      this.#port.failed(this, letter, error);
      return;
    }
    if (this.#kept !== undefined) {
      this.#keep(this.#kept, letter, () => this.#port.ended(this, letter, answer));
      return;
    }
    this.#rest();
    this.#port.ended(this, letter, answer);
  }

  /** The turn is over; its caller hears of it, and the next begins, when what it has changed is durable. */
  #keep(kept: KeptState, letter: Letter, report: () => void): void {
    let bytes: Uint8Array | undefined;
    try {
      bytes = kept.changed(this.#context.state, this.type);
    } catch (error) {
      this.#undo(kept, letter, error);
      return;
    }
    const { writes } = this.#concurrency;
    if (bytes === undefined || writes === undefined) {
      report();
      this.#free();
      return;
    }
    const state = bytes;
    writes.keepState(this.type.table, this.key, new StoredBytes(state), (error) => {
      if (error !== undefined) {
        this.#undo(kept, letter, error);
        return;
      }
      kept.kept(state);
      report();
      this.#free();
    });
  }

  #undo(kept: KeptState, letter: Letter, error: unknown): void {
    this.#context.state = kept.restored();
    this.#port.failed(this, letter, error);
    this.#free();
  }

  #endLater(letter: Letter, answer: PromiseLike<unknown>): void {
    Promise.resolve(answer).then(
      (value) => {
        if (this.#kept !== undefined) {
          this.#keep(this.#kept, letter, () => this.#port.ended(this, letter, value));
          return;
        }
        this.#port.ended(this, letter, value);
        this.#free();
      },
      (error: unknown) => {
        if (this.#kept !== undefined) {
          this.#keep(this.#kept, letter, () => this.#port.failed(this, letter, error));
          return;
        }
        this.#port.failed(this, letter, error);
        this.#free();
      },
    );
  }

  #free(): void {
    this.#rest();
    if (this.runnable) this.#port.runnable(this);
  }

  /** The turn has ended. */
  #rest(): void {
    if (this.#phase === 'busy') this.#phase = 'idle';
    if (this.#restWaiters !== undefined) this.#rested();
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
