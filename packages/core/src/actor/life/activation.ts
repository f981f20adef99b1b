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
import type { DeactivationReason } from '../../definition/actor-definition.ts';
import type { StorageKey } from '../../key/key.ts';
import type { PartitionConcurrency } from '../../partition/partition-concurrency.ts';
import { isPromiseLike } from '../../promise-like.ts';
import type { ActorType } from '../actor-type.ts';
import { ActorSupervisor, type Fate, severest } from '../failure/actor-supervisor.ts';
import { Inbox } from '../mail/inbox.ts';
import type { Letter, LetterHome } from '../mail/letter.ts';
import { OpenTurns, type TurnGround } from '../turn/open-turns.ts';
import { TurnLock } from '../turn/turn-lock.ts';
import type { TurnTaker } from '../turn/turn-queue.ts';
import type { ActivationPort } from './activation-port.ts';
import type { ContextClasses, ContextHome, OwnContext } from './actor-context.ts';
import { ActorHome } from './actor-home.ts';
import { ActorLife, type StateWaiter } from './actor-life.ts';
import { ActorLiving } from './actor-living.ts';
import type { Resident } from './residency.ts';
import type { Seat } from './seat.ts';
import type { StoredState } from './stored-states.ts';

export class Activation implements TurnTaker, LetterHome, TurnGround, Resident {
  readonly type: ActorType;
  readonly key: StorageKey;
  /** What turns that are alone get first. */
  readonly context: OwnContext;
  readonly home: ContextHome;
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
  /** What references of this thread remember it by, from the first tell on. */
  seat: Seat | undefined = undefined;
  readonly #port: ActivationPort;
  readonly #lock: TurnLock;
  readonly #inbox: Inbox;
  readonly #living: ActorLiving;
  readonly #life: ActorLife;
  readonly #stored: StoredState | undefined;
  readonly #turns = new OpenTurns();
  #stopWanted = false;
  readonly #supervisor: ActorSupervisor | undefined;
  /** What becomes of it when the turns under way have ended. */
  #fate: Fate | undefined;
  /** Streams that it answers with and that are not over. */
  openStreams = 0;
  #restWaiters: (() => void)[] | undefined;

  constructor(
    type: ActorType,
    key: StorageKey,
    context: (home: ContextHome) => OwnContext,
    concurrency: PartitionConcurrency,
    residents: object,
    port: ActivationPort,
    stored: StoredState | undefined,
  ) {
    this.type = type;
    this.key = key;
    this.#inbox = new Inbox(type, (letter) => port.admitted(letter));
    this.home = new ActorHome(this, port);
    this.context = context(this.home);
    this.residents = residents;
    this.#lock = new TurnLock(concurrency, type, key);
    this.#port = port;
    this.#stored = stored;
    this.#supervisor = ActorSupervisor.of(type, key, () => port.now());
    this.#living = new ActorLiving(this, port, concurrency, stored, this.#supervisor);
    this.#life = new ActorLife(this.#living);
  }

  get contexts(): ContextClasses {
    return this.#port.contexts;
  }

  get runnable(): boolean {
    if (this.#inbox.first === undefined) return false;
    return this.#life.phase === 'new' || this.#readyLetter() !== undefined;
  }

  get waiting(): number {
    return this.#inbox.length;
  }

  get openTurns(): readonly Letter[] {
    return this.#turns.all;
  }

  /** One more letter, in the mailbox or in the line before it. False: there is no room. */
  accept(letter: Letter): boolean {
    if (!this.#inbox.add(letter)) return false;
    if (!this.queued && this.runnable) this.#port.runnable(this);
    return true;
  }

  /** A call that an open turn waits for: goes before all others, and needs no room. */
  acceptUrgent(letter: Letter): void {
    this.#inbox.addUrgent(letter);
    if (this.runnable) this.#port.runnable(this);
  }

  /** The next step of a stream of its own: at the end, and needs no room. */
  acceptStep(letter: Letter): void {
    this.#inbox.addStep(letter);
    if (this.runnable) this.#port.runnable(this);
  }

  /** Takes a letter out that waits: its caller has given up. */
  giveUp(letter: Letter): void {
    letter.place = 'ended';
    this.#inbox.remove(letter);
    if (this.runnable) this.#port.runnable(this);
  }

  runTurns(turnsMax: number): number {
    let turns = 0;
    for (; turns < turnsMax; turns++) {
      if (this.#life.phase === 'new' && this.isWanted) this.#life.start();
      const letter = this.#readyLetter();
      if (letter === undefined) break;
      const isWithinTurn = letter.urgent && !this.#turns.isEmpty;
      if (isWithinTurn || this.#lock.isFree) this.#take(letter);
      else this.#waitForLock();
    }
    return turns;
  }

  /** One turn, whoever has the lock. */
  takeTurn(): void {
    // It may have been restarted while it stood in line for its lock.
    const letter = this.#readyLetter();
    if (letter !== undefined) this.#take(letter);
  }

  /** Undefined also while making the state is under way, or has failed. */
  #readyLetter(): Letter | undefined {
    return this.#life.phase === 'ready' ? this.#nextLetter() : undefined;
  }

  #take(letter: Letter): void {
    this.#inbox.remove(letter);
    this.#port.used(this);
    this.#call(letter);
  }

  turnOf(context: OwnContext): Letter | undefined {
    return this.#turns.withContext(context, this.context);
  }

  /** Ends it: everything that waits fails with the error. A turn under way may still answer. */
  end(error: unknown): void {
    this.#port.timers.clearAll(this);
    this.#life.end(error);
    if (this.#restWaiters !== undefined) this.#rested();
    while (this.#inbox.first !== undefined) this.#refuse(this.#inbox.first, error);
  }

  // ── for transactions ──────────────────────────────────────────────────────────────────────────────────────────

  /** No turn is under way, nor a step of its life. */
  get atRest(): boolean {
    return this.#turns.isEmpty && !this.#life.isInStep;
  }

  /** Calls `resume` once, when that is so the next time. */
  whenAtRest(resume: () => void): void {
    if (this.#restWaiters === undefined) this.#restWaiters = [resume];
    else this.#restWaiters.push(resume);
  }

  /** The live state, made first if it must be; not to be changed. */
  withState(waiter: StateWaiter): void {
    this.#life.withState(waiter);
  }

  /** A transaction has committed this state. */
  install(state: unknown): void {
    this.#stored?.installed(state, this.type);
    this.#turns.stateChanged();
    this.#life.install(state);
  }

  // ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #refuse(letter: Letter, error: unknown): void {
    this.#inbox.remove(letter);
    letter.place = 'ended';
    this.#port.refused(this, letter, error);
  }

  get isWanted(): boolean {
    return this.#inbox.first !== undefined;
  }

  get idleMsMax(): number | undefined {
    return this.type.idleMsMax;
  }

  stop(): void {
    this.#stopWanted = true;
  }

  passivate(reason: DeactivationReason): boolean {
    if (this.isWanted || this.queued || this.#port.timers.has(this) || !this.#mayStop()) return false;
    this.#life.stop(reason);
    return true;
  }

  /** No step of its life is under way now. */
  settled(): void {
    this.#turns.stateChanged();
    if (this.#restWaiters !== undefined) this.#rested();
  }

  /** The state has changed by other means than a turn. */
  stateChanged(): void {
    this.#turns.stateChanged();
  }

  /** No turn is under way, and no transaction has to do with it. */
  #mayStop(): boolean {
    const isFree = this.#turns.isEmpty && this.openStreams === 0 && !this.#lock.inLine;
    return isFree && this.#life.hasState && this.#lock.isFree;
  }

  /** A turn has said that it wants to. */
  #stopNow(): void {
    if (this.#fate !== undefined) {
      this.#meetFate(this.#fate);
      return;
    }
    if (!this.#mayStop()) return;
    this.#stopWanted = false;
    this.#port.timers.clearAll(this);
    this.#life.stop('stop');
    if (this.runnable) this.#port.runnable(this);
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The letter whose turn may begin now, as far as the other turns are concerned. */
  #nextLetter(): Letter | undefined {
    const { first } = this.#inbox;
    if (first?.urgent !== true) {
      const isHeldUp = this.#lock.inLine || this.#fate !== undefined;
      return first !== undefined && !isHeldUp && this.#turns.mayBegin(first) ? first : undefined;
    }
    // They go on while the actor stands in line for its lock: that waits for the turns which wait for them.
    return this.#lock.inLine && this.#turns.isEmpty ? undefined : this.#turns.firstOfUrgent(first);
  }

  #waitForLock(): void {
    try {
      this.#lock.waitInLine(() => {
        if (this.#life.phase !== 'over') this.#port.unlocked(this);
      });
    } catch (error) {
      // Too many stand in line. The next letter may be luckier.
      if (this.#inbox.first !== undefined) this.#refuse(this.#inbox.first, error);
    }
  }

  #call(letter: Letter): void {
    const { current, observer } = this.#port;
    let answer: unknown;
    const outer = current.begin(letter);
    try {
      // Also while a synchronous method runs: it may begin a transaction, which must not take the actor from under it.
      const context = this.#turns.begin(letter, this);
      if (current.holdsReferences && this.type.isAsync(letter.method)) current.enter(letter);
      this.#supervisor?.delivers(letter);
      const stream = letter.turn?.stream;
      if (stream === undefined) answer = observer.call(letter, this.type, context);
      else answer = observer.step(letter, () => stream.step(() => observer.call(letter, this.type, context)));
      if (isPromiseLike(answer)) {
        this.#endLater(letter, answer);
        return;
      }
    } catch (error) {
      this.#failTurn(letter, error);
      return;
    } finally {
      current.leave(outer);
    }
    if (this.#isStoredAfter(letter)) {
      this.#endStored(letter, () => this.#port.ended(this, letter, answer));
      return;
    }
    this.#rest(letter);
    this.#port.ended(this, letter, answer);
    if (this.#stopWanted) this.#stopNow();
  }

  #endLater(letter: Letter, answer: PromiseLike<unknown>): void {
    Promise.resolve(answer).then(
      (value) => {
        const report = (): void => this.#port.ended(this, letter, value);
        if (this.#isStoredAfter(letter)) this.#endStored(letter, report);
        else {
          report();
          this.#rest(letter);
          this.#goOn();
        }
      },
      (error: unknown) => {
        this.#failTurn(letter, error);
        if (this.runnable) this.#port.runnable(this);
      },
    );
  }

  /** The method has failed. What it had changed stays, unless the actor is to forget it. */
  #failTurn(letter: Letter, error: unknown): void {
    const fate = this.#supervisor?.failedTurn(letter, error);
    const report = (): void => {
      if (fate?.again === true) this.#inbox.putBack(letter);
      else this.#port.failed(this, letter, error);
    };
    const goesOn = fate === undefined || fate.action === 'resume';
    if (goesOn && this.#isStoredAfter(letter)) {
      this.#endStored(letter, report);
      return;
    }
    if (!goesOn) this.#doom(fate);
    this.#rest(letter);
    report();
    if (this.#stopWanted) this.#stopNow();
  }

  /** Ends the activation, or its state, once its turns have ended. The severest of several fates counts. */
  #doom(fate: Fate): void {
    this.#fate = severest(this.#fate, fate);
    this.#stopWanted = true;
  }

  #meetFate(fate: Fate): void {
    if (!this.#turns.isEmpty) return;
    this.#fate = undefined;
    this.#stopWanted = false;
    this.#port.timers.clearAll(this);
    this.#turns.stateChanged();
    if (fate.action !== 'restart') {
      this.#living.perish(fate);
      return;
    }
    this.#port.judged(this, fate);
    this.#life.restart(fate.error, fate.delayMs);
  }

  /** Must what it has changed, or seen of a turn around it, be durable before its caller hears of it? */
  #isStoredAfter(letter: Letter): boolean {
    return this.#stored !== undefined && (!letter.readonly || this.openTurns.some((turn) => !turn.readonly));
  }

  /** The turn is over; its caller hears of it, and the next begins, when what it has changed is durable. */
  #endStored(letter: Letter, report: () => void): void {
    this.#living.keepState((error) => {
      this.#rest(letter);
      if (error === undefined) report();
      else this.#port.failed(this, letter, error);
      this.#goOn();
    });
  }

  #goOn(): void {
    if (this.#stopWanted) this.#stopNow();
    if (this.runnable) this.#port.runnable(this);
  }

  /** The turn has ended. */
  #rest(letter: Letter): void {
    this.#turns.end(letter);
    if (letter.observed !== undefined) this.#port.observer.ended(letter);
    if (this.#turns.isEmpty && this.#restWaiters !== undefined) this.#rested();
  }

  #rested(): void {
    const waiters = this.#restWaiters ?? [];
    this.#restWaiters = undefined;
    for (const resume of waiters) resume();
  }
}
