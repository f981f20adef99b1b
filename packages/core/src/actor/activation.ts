/**
 * One actor that is active on this thread: its mailbox, its turns, and its state.
 *
 * The rules: one turn at a time but for what `turn-rule.ts` lets go beside it, in the order of arrival; a turn lasts
 * until its method has ended, also when that is asynchronous. The first turn makes the state; when that fails,
 * everything that waits gets the error, the activation is over, and the next message begins a new one. A method that
 * throws fails its caller only: the state keeps what it had changed. Synchronous methods touch no promise.
 *
 * No turn begins while a transaction holds the actor's lock, or stands in line for it: then the actor stands in the
 * same line, and takes one turn when it is through. A call that an open turn waits for goes on all the same: the
 * transaction waits for that turn. What a transaction does to the state is done on copies elsewhere; `install` brings
 * the outcome.
 */
import type { DeactivationReason } from '../definition/actor-definition.ts';
import type { StorageKey } from '../key/key.ts';
import { mailboxOverflowMax } from '../limits.ts';
import type { PartitionConcurrency } from '../partition/partition-concurrency.ts';
import type { ContextClasses, ContextHome, OwnContext } from './actor-context.ts';
import type { ActorType } from './actor-type.ts';
import type { CurrentTurn } from './current-turn.ts';
import type { Letter, LetterHome } from './letter.ts';
import { Mailbox } from './mailbox.ts';
import { frozenState } from './readonly-state.ts';
import type { Resident } from './residency.ts';
import type { TurnTaker } from './turn-queue.ts';
import { mayBegin } from './turn-rule.ts';

/** What an activation tells its service. None of these may throw. */
export interface ActivationPort {
  readonly current: CurrentTurn;
  readonly contexts: ContextClasses;
  /** It can take a turn now. */
  runnable(activation: Activation): void;
  ended(activation: Activation, letter: Letter, answer: unknown): void;
  failed(activation: Activation, letter: Letter, error: unknown): void;
  /** The letter waited before the mailbox, and is in it now. */
  admitted(letter: Letter): void;
  /** It has a turn. */
  used(activation: Activation): void;
  /** The state that was packed away, which is the activation's from now on. */
  takeState(activation: Activation): { readonly state: unknown } | undefined;
  /** It is over, and its state to be packed away. Throws when that isn't data; then it stays. */
  passivated(activation: Activation, state: unknown): void;
  /** `deactivate` failed, or the state can't be packed away. */
  notPassivated(activation: Activation, error: unknown): void;
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
 * `new`: is not activated. `starting`: waits for its state, or for `activate`. `locked`: waits for a transaction to let go
 * of it. `stopping`: waits for `deactivate`.
 */
type Phase = 'new' | 'starting' | 'ready' | 'locked' | 'stopping' | 'over';

const noTurns: readonly Letter[] = [];

export class Activation implements TurnTaker, LetterHome, ContextHome, Resident {
  readonly type: ActorType;
  readonly key: StorageKey;
  readonly mailbox: Mailbox<Letter>;
  /** Those it was activated among; its service's. */
  readonly residents: object;
  previous: TurnTaker | undefined = undefined;
  next: TurnTaker | undefined = undefined;
  urgent = false;
  queued = false;
  older: Resident | undefined = undefined;
  newer: Resident | undefined = undefined;
  resides = false;
  usedMs = 0;
  readonly #port: ActivationPort;
  readonly #context: OwnContext;
  readonly #concurrency: PartitionConcurrency;
  #phase: Phase = 'new';
  /** What waits before the mailbox, while it is full. */
  #line: Mailbox<Letter> | undefined;
  #turn: Letter | undefined;
  /** Further turns under way, beside or within the first. */
  #beside: Letter[] | undefined;
  /** What readonly turns are handed, made since the last other turn. */
  #frozen: { readonly state: unknown } | undefined;
  /** The state to begin with, where there was one before. */
  #given: { readonly state: unknown } | undefined;
  #stopWanted = false;
  #restWaiters: (() => void)[] | undefined;
  #stateWaiters: StateWaiter[] | undefined;

  constructor(
    type: ActorType,
    key: StorageKey,
    context: (home: ContextHome) => OwnContext,
    concurrency: PartitionConcurrency,
    residents: object,
    port: ActivationPort,
  ) {
    this.residents = residents;
    this.type = type;
    this.key = key;
    this.mailbox = new Mailbox(type.mailboxLengthMax);
    this.#context = context(this);
    this.#concurrency = concurrency;
    this.#port = port;
  }

  get runnable(): boolean {
    const letter = this.mailbox.first;
    if (letter === undefined) return false;
    switch (this.#phase) {
      case 'new':
        return true;
      case 'ready':
        return this.#mayBegin(letter);
      case 'locked':
        return letter.urgent && this.#mayBegin(letter);
      default:
        return false;
    }
  }

  get openTurns(): readonly Letter[] {
    if (this.#turn === undefined) return noTurns;
    return this.#beside === undefined ? [this.#turn] : [this.#turn, ...this.#beside];
  }

  /** One more letter, in the mailbox or in the line before it. False: there is no room. */
  accept(letter: Letter): boolean {
    if (this.#line !== undefined || !this.mailbox.push(letter)) return this.#lineUp(letter);
    if (this.runnable) this.#port.runnable(this);
    return true;
  }

  /** A call that an open turn waits for: goes before all others, and needs no room. */
  acceptUrgent(letter: Letter): void {
    this.mailbox.pushUrgent(letter);
    if (this.runnable) this.#port.runnable(this);
  }

  /** Takes a letter out that waits: its caller has given up. */
  giveUp(letter: Letter): void {
    letter.place = 'ended';
    if (letter.inLine) this.#leaveLine(letter);
    else this.#takeOut(letter);
    if (this.runnable) this.#port.runnable(this);
  }

  runTurn(): void {
    if (this.#phase === 'new') this.#start();
    // Making the state may have failed or be under way.
    if (!this.runnable) return;
    const isWithinTurn = this.#turn !== undefined && this.mailbox.first?.urgent === true;
    if (isWithinTurn || this.#concurrency.isFree(this.type.table, this.key, 'write')) this.takeTurn();
    else this.#waitForLock();
  }

  /** One turn, whoever has the lock. */
  takeTurn(): void {
    const letter = this.mailbox.first;
    if (letter === undefined || !this.#mayBegin(letter)) return;
    this.#takeOut(letter);
    this.#port.used(this);
    this.#call(letter);
  }

  turnOf(context: OwnContext): Letter | undefined {
    const isOwn = context === this.#context;
    return this.openTurns.find(({ turn }) =>
      turn?.context === undefined ? isOwn : turn.context === context,
    );
  }

  // ── for transactions ──────────────────────────────────────────────────────────────────────────────────────────

  /** No turn is under way, nor is the state being made. */
  get atRest(): boolean {
    return this.#turn === undefined && this.#phase !== 'starting' && this.#phase !== 'stopping';
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
    } else if (this.#phase === 'starting' || this.#phase === 'stopping')
      this.#stateWaiters = [...(this.#stateWaiters ?? []), waiter];
    else waiter.stateReady(this.#context.state);
  }

  /** A transaction has committed this state. */
  install(state: unknown): void {
    this.#frozen = undefined;
    if (this.#phase === 'new') {
      this.#port.takeState(this);
      this.#given = { state };
    } else if (this.#phase === 'starting') this.#started(state);
    else this.#context.state = state;
  }

  /** Ends it: everything that waits fails with the error. A turn under way may still answer. */
  end(error: unknown): void {
    this.#phase = 'over';
    for (const waiter of this.#takeStateWaiters()) waiter.stateFailed(error);
    if (this.#restWaiters !== undefined) this.#rested();
    for (;;) {
      const letter = this.mailbox.first;
      if (letter === undefined) return;
      this.#takeOut(letter);
      letter.place = 'ended';
      this.#port.failed(this, letter, error);
    }
  }

  // ── the line before the mailbox ───────────────────────────────────────────────────────────────────────────────

  #lineUp(letter: Letter): boolean {
    if (!this.type.overflowWaits) return false;
    this.#line ??= new Mailbox(mailboxOverflowMax);
    letter.inLine = this.#line.push(letter);
    return letter.inLine;
  }

  #leaveLine(letter: Letter): void {
    this.#line?.remove(letter);
    letter.inLine = false;
    if (this.#line?.length === 0) this.#line = undefined;
  }

  /** Takes a letter out of the mailbox, and lets those in that wait before it. */
  #takeOut(letter: Letter): void {
    this.mailbox.remove(letter);
    while (this.#line?.first !== undefined && this.mailbox.length < this.type.mailboxLengthMax) {
      const next = this.#line.first;
      this.#leaveLine(next);
      this.mailbox.push(next);
      this.#port.admitted(next);
    }
  }

  // ── state ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #start(): void {
    // Not 'new' any more, so that a message that the function sends to its own actor doesn't begin it twice.
    this.#phase = 'starting';
    this.#given ??= this.#port.takeState(this);
    const given = this.#given;
    this.#startStep(
      () => (given === undefined ? this.type.definition.state(this.#context.key as never) : given.state),
      (state) => this.#activate(state),
    );
  }

  #activate(state: unknown): void {
    this.#context.state = state;
    const { activate } = this.type.definition;
    if (activate === undefined) this.#started(state);
    else
      this.#startStep(
        () => activate(this.#context as never),
        () => this.#started(this.#context.state),
      );
  }

  /** One step of the start, which may take its time. */
  #startStep(step: () => unknown, done: (value: unknown) => void): void {
    let value: unknown;
    try {
      value = step();
    } catch (error) {
      this.#startFailed(error);
      return;
    }
    if (!isPromiseLike(value)) {
      done(value);
      return;
    }
    Promise.resolve(value).then(
      (later) => {
        if (this.#phase !== 'starting') return;
        done(later);
        if (this.runnable) this.#port.runnable(this);
      },
      (error: unknown) => {
        if (this.#phase === 'starting') this.#startFailed(error);
      },
    );
  }

  #started(state: unknown): void {
    this.#given = undefined;
    this.#context.state = state;
    this.#phase = 'ready';
    for (const waiter of this.#takeStateWaiters()) waiter.stateReady(state);
    if (this.#restWaiters !== undefined) this.#rested();
  }

  #startFailed(error: unknown): void {
    if (this.#given === undefined || !this.#packAway(this.#given.state)) this.#port.over(this);
    this.end(error);
  }

  #takeStateWaiters(): readonly StateWaiter[] {
    const waiters = this.#stateWaiters ?? [];
    this.#stateWaiters = undefined;
    return waiters;
  }

  // ── passivation ───────────────────────────────────────────────────────────────────────────────────────────────

  get idleMsMax(): number | undefined {
    return this.type.idleMsMax;
  }

  stop(): void {
    this.#stopWanted = true;
  }

  passivate(reason: DeactivationReason): boolean {
    const isIdle = this.mailbox.first === undefined && this.#turn === undefined && !this.queued;
    if (!isIdle || !this.#mayStop()) return false;
    this.#stop(reason);
    return true;
  }

  /** No transaction has to do with it. */
  #mayStop(): boolean {
    const hasState = this.#phase === 'ready' || (this.#phase === 'new' && this.#given !== undefined);
    return hasState && this.#concurrency.isFree(this.type.table, this.key, 'write');
  }

  #stop(reason: DeactivationReason): void {
    this.#stopWanted = false;
    const wasActive = this.#phase === 'ready';
    this.#phase = 'stopping';
    if (!wasActive) {
      this.#context.state = this.#given?.state;
      this.#stopped();
      return;
    }
    const { deactivate } = this.type.definition;
    try {
      const done = deactivate?.(this.#context as never, reason);
      if (!isPromiseLike(done)) {
        this.#stopped();
        return;
      }
      Promise.resolve(done).then(
        () => this.#stopped(),
        (error: unknown) => this.#stopFailed(error),
      );
    } catch (error) {
      this.#stopFailed(error);
    }
  }

  #stopFailed(error: unknown): void {
    this.#port.notPassivated(this, error);
    this.#stopped();
  }

  #stopped(): void {
    if (this.#phase !== 'stopping') return;
    const { state } = this.#context;
    const isWanted = this.mailbox.first !== undefined || this.#stateWaiters !== undefined;
    this.#frozen = undefined;
    if (isWanted || !this.#packAway(state)) {
      this.#phase = 'new';
      this.#given = { state };
    }
    if (this.#restWaiters !== undefined) this.#rested();
    if (this.#stateWaiters !== undefined && this.#phase === 'new') this.#start();
    if (this.runnable) this.#port.runnable(this);
  }

  #packAway(state: unknown): boolean {
    try {
      this.#port.passivated(this, state);
      this.#phase = 'over';
      return true;
    } catch (error) {
      this.#port.notPassivated(this, error);
      return false;
    }
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #mayBegin(letter: Letter): boolean {
    return this.#turn === undefined || mayBegin(letter, this.openTurns);
  }

  #waitForLock(): void {
    this.#phase = 'locked';
    try {
      this.#concurrency.wait(this.type.table, this.key, 'write', () => {
        if (this.#phase !== 'locked') return;
        this.#phase = 'ready';
        this.#port.unlocked(this);
      });
    } catch (error) {
      // Too many stand in line. The next letter may be luckier.
      this.#phase = 'ready';
      const letter = this.mailbox.first;
      if (letter === undefined) return;
      this.#takeOut(letter);
      letter.place = 'ended';
      this.#port.failed(this, letter, error);
    }
  }

  #call(letter: Letter): void {
    const { methods, definition } = this.type;
    const { current } = this.#port;
    let answer: unknown;
    const outer = current.begin(letter);
    try {
      // Also while a synchronous method runs: it may begin a transaction, which must not take the actor from under it.
      const context = this.#begin(letter);
      if (current.holdsReferences && this.type.isAsync(letter.method)) current.enter(letter);
      const method = methods[letter.method] as (
        this: unknown,
        context: unknown,
        ...args: readonly unknown[]
      ) => unknown;
      answer = method.call(definition.methods, context, ...letter.args);
      if (isPromiseLike(answer)) {
        this.#endLater(letter, answer);
        return;
      }
    } catch (error) {
      this.#rest(letter);
      this.#port.failed(this, letter, error);
      if (this.#stopWanted) this.#stopNow();
      return;
    } finally {
      current.leave(outer);
    }
    this.#rest(letter);
    this.#port.ended(this, letter, answer);
    if (this.#stopWanted) this.#stopNow();
  }

  /** A turn has said so. */
  #stopNow(): void {
    if (this.#turn === undefined && this.#mayStop()) this.#stop('stop');
  }

  #begin(letter: Letter): OwnContext {
    const isAlone = this.#turn === undefined;
    letter.place = 'running';
    if (isAlone) this.#turn = letter;
    else this.#beside = [...(this.#beside ?? []), letter];
    if (isAlone && !letter.readonly) {
      this.#frozen = undefined;
      return this.#context;
    }
    const context = this.#contextBeside(letter);
    letter.record().context = context;
    return context;
  }

  #contextBeside(letter: Letter): OwnContext {
    const { contexts } = this.#port;
    if (letter.readonly) {
      const label = this.type.labelOf(letter.method);
      return contexts.readonly(this.#context.key, this.#frozenState(), label, this);
    }
    this.#frozen = undefined;
    return contexts.nested(this.#context, this);
  }

  #frozenState(): unknown {
    // A turn that may change the state is under way around this one.
    if (this.openTurns.some((turn) => !turn.readonly)) return frozenState(this.#context.state, this.type);
    this.#frozen ??= { state: frozenState(this.#context.state, this.type) };
    return this.#frozen.state;
  }

  #endLater(letter: Letter, answer: PromiseLike<unknown>): void {
    Promise.resolve(answer).then(
      (value) => {
        this.#port.ended(this, letter, value);
        this.#free(letter);
      },
      (error: unknown) => {
        this.#port.failed(this, letter, error);
        this.#free(letter);
      },
    );
  }

  #free(letter: Letter): void {
    this.#rest(letter);
    if (this.#stopWanted) this.#stopNow();
    if (this.runnable) this.#port.runnable(this);
  }

  /** The turn has ended. */
  #rest(letter: Letter): void {
    letter.place = 'ended';
    const beside = this.#beside;
    if (beside === undefined) this.#turn = undefined;
    else {
      const left = letter === this.#turn ? beside : beside.filter((turn) => turn !== letter);
      if (letter === this.#turn) this.#turn = left.shift();
      this.#beside = left.length === 0 ? undefined : left;
    }
    if (this.#turn === undefined && this.#restWaiters !== undefined) this.#rested();
  }

  #rested(): void {
    const waiters = this.#restWaiters ?? [];
    this.#restWaiters = undefined;
    for (const resume of waiters) resume();
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
