/**
 * One actor that is active on this thread: its state, its mailbox and whose turn it is.
 *
 * The rules: one turn at a time, and a turn lasts until its method has ended, also when that is asynchronous. The
 * first turn makes the state; when that fails, everything that waits gets the error, the activation is over, and the
 * next message begins a new one. A method that throws fails its caller only: the state keeps what it had changed.
 * Synchronous methods touch no promise.
 */
import type { StorageKey } from '../key/key.ts';
import type { OwnContext } from './actor-context.ts';
import type { ActorType } from './actor-type.ts';
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
}

/** `new`: has no state. `starting`: waits for it. `idle`: may take a turn. `busy`: an asynchronous turn is under way. */
type Phase = 'new' | 'starting' | 'idle' | 'busy' | 'over';

export class Activation implements TurnTaker {
  readonly type: ActorType;
  readonly key: StorageKey;
  readonly mailbox: Mailbox<Letter>;
  previous: TurnTaker | undefined = undefined;
  next: TurnTaker | undefined = undefined;
  queued = false;
  readonly #port: ActivationPort;
  readonly #context: OwnContext;
  #phase: Phase = 'new';

  constructor(type: ActorType, key: StorageKey, context: OwnContext, port: ActivationPort) {
    this.type = type;
    this.key = key;
    this.mailbox = new Mailbox(type.mailboxLengthMax);
    this.#context = context;
    this.#port = port;
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
    const letter = this.mailbox.shift();
    if (letter === undefined) return;
    this.#port.taken(letter);
    this.#call(letter);
  }

  /** Ends it: everything that waits fails with the error. A turn under way may still answer. */
  end(error: unknown): void {
    this.#phase = 'over';
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
      const state = this.type.definition.state(this.#context.key as never);
      if (isPromiseLike(state)) this.#startLater(state);
      else this.#started(state);
    } catch (error) {
      this.#startFailed(error);
    }
  }

  #startLater(state: PromiseLike<unknown>): void {
    Promise.resolve(state).then(
      (value) => {
        if (this.#phase === 'over') return;
        this.#started(value);
        if (this.runnable) this.#port.runnable(this);
      },
      (error: unknown) => {
        if (this.#phase !== 'over') this.#startFailed(error);
      },
    );
  }

  #started(state: unknown): void {
    this.#context.state = state;
    this.#phase = 'idle';
  }

  #startFailed(error: unknown): void {
    this.#port.over(this);
    this.end(error);
  }

  #call(letter: Letter): void {
    const { methods, definition } = this.type;
    let answer: unknown;
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
      this.#port.failed(this, letter, error);
      return;
    }
    this.#port.ended(this, letter, answer);
  }

  #endLater(letter: Letter, answer: PromiseLike<unknown>): void {
    this.#phase = 'busy';
    Promise.resolve(answer).then(
      (value) => {
        this.#port.ended(this, letter, value);
        this.#free();
      },
      (error: unknown) => {
        this.#port.failed(this, letter, error);
        this.#free();
      },
    );
  }

  #free(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'idle';
    if (this.runnable) this.#port.runnable(this);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
