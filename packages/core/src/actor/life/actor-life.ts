/**
 * The life of one activation: it makes the actor's state, or is given the one that was kept, runs `activate`; and at the
 * end `deactivate`, and hands the state back to be kept.
 *
 * `new`: has not begun. `starting`: waits for the state, or for `activate`. `stopping`: waits for `deactivate`. After
 * that it is `over`, or `new` again, with its state, when somebody waits for it. `restarting`: waits for `beforeRestart`.
 * `pausing`: is to begin anew in a while.
 */
import type { DeactivationReason } from '../../definition/actor-definition.ts';
import { isPromiseLike } from '../../promise-like.ts';
import type { ActorType } from '../actor-type.ts';
import type { Fate } from '../failure/actor-supervisor.ts';
import type { OwnContext } from './actor-context.ts';

export type LifePhase = 'new' | 'starting' | 'ready' | 'stopping' | 'restarting' | 'pausing' | 'over';

/** A state that was there before. */
export interface KeptState {
  readonly state: unknown;
}

/** Who waits for a state. */
export interface StateWaiter {
  stateReady(state: unknown): void;
  stateFailed(error: unknown): void;
}

/** Whose life it is. */
export interface Living {
  readonly type: ActorType;
  readonly context: OwnContext;
  /** Somebody waits for a turn. */
  readonly isWanted: boolean;
  /** Takes the state that was packed away, or stored. */
  takeState(): KeptState | undefined;
  /** Its state is durable. */
  readonly isStored: boolean;
  /** The definition has made a state. Throws when it must be data and isn't. */
  stateMade(state: unknown): void;
  /** Makes the state durable. Undefined where none is; rejects when it can't be, and has been undone. */
  storeState(): Promise<void> | undefined;
  /** Packs the state away: the activation is no more. Throws when it isn't data. */
  packAway(state: unknown): void;
  /** `deactivate` failed, or the state can't be packed away. */
  notPassivated(error: unknown): void;
  /** No step of its life is under way now. `later`: it was one that took its time. */
  settled(later: boolean): void;
  startFailed(error: unknown, isPackedAway: boolean): void;
  /** What is to become of it after a failure; undefined: as ever. */
  failedStart(error: unknown): Fate | undefined;
  failedStop(error: unknown): Fate | undefined;
  /** It has a state, and could begin its turns. */
  started(): void;
  /** It forgets its state and is no more. */
  perish(fate: Fate): void;
  restartHookFailed(error: unknown): void;
  /** Calls `run` once. */
  after(ms: number, run: () => void): void;
}

export class ActorLife {
  phase: LifePhase = 'new';
  readonly #living: Living;
  #given: KeptState | undefined;
  #waiters: StateWaiter[] | undefined;

  constructor(living: Living) {
    this.#living = living;
  }

  /** There is a state, and no step is under way. */
  get hasState(): boolean {
    return this.phase === 'ready' || (this.phase === 'new' && this.#given !== undefined);
  }

  /** A step of it is under way. */
  get isInStep(): boolean {
    return this.phase === 'starting' || this.phase === 'stopping' || this.phase === 'restarting';
  }

  /** The live state, made first if it must be; not to be changed. */
  withState(waiter: StateWaiter): void {
    if (this.phase === 'ready' || this.phase === 'over') {
      waiter.stateReady(this.#living.context.state);
      return;
    }
    this.#waiters = [...(this.#waiters ?? []), waiter];
    if (this.phase === 'new') this.start();
  }

  /** Another state takes the place of the one it has, or would begin with. */
  install(state: unknown): void {
    if (this.phase === 'new' || this.phase === 'pausing') {
      this.#living.takeState();
      this.#given = { state };
    } else if (this.phase === 'starting') this.#started(state, false);
    else this.#living.context.state = state;
  }

  /** It is no more; nobody can wait for it any longer. */
  end(error: unknown): void {
    this.phase = 'over';
    for (const waiter of this.#takeWaiters()) waiter.stateFailed(error);
  }

  start(): void {
    const { type, context } = this.#living;
    // Not 'new' any more, so that a message that the function sends to its own actor doesn't begin it twice.
    this.phase = 'starting';
    this.#given ??= this.#living.takeState();
    const given = this.#given;
    this.#step(
      () => (given === undefined ? type.definition.state(context.key as never) : given.state),
      (state, later) => {
        if (given !== undefined || this.#made(state)) this.#activate(state, later);
      },
    );
  }

  /** Deactivates it and packs its state away. To be called when it has a state. */
  stop(reason: DeactivationReason): void {
    const { type, context } = this.#living;
    const wasActive = this.phase === 'ready';
    this.phase = 'stopping';
    if (!wasActive) context.state = this.#given?.state;
    try {
      const done = wasActive ? type.definition.deactivate?.(context as never, reason) : undefined;
      if (isPromiseLike(done)) {
        Promise.resolve(done).then(
          () => this.#deactivated(true),
          (error: unknown) => this.#deactivateFailed(error, true),
        );
      } else this.#deactivated(false);
    } catch (error) {
      this.#deactivateFailed(error, false);
    }
  }

  /** Forgets the state, and begins anew after a pause. To be called when it is ready and no turn is under way. */
  restart(error: unknown, delayMs: number): void {
    const { type, context } = this.#living;
    this.phase = 'restarting';
    try {
      const done = type.definition.beforeRestart?.(context as never, error);
      if (isPromiseLike(done)) {
        Promise.resolve(done).then(
          () => this.#forget(delayMs),
          (thrown: unknown) => this.#restartHookFailed(thrown, delayMs),
        );
      } else this.#forget(delayMs);
    } catch (thrown) {
      this.#restartHookFailed(thrown, delayMs);
    }
  }

  #restartHookFailed(error: unknown, delayMs: number): void {
    this.#living.restartHookFailed(error);
    this.#forget(delayMs);
  }

  #forget(delayMs: number): void {
    if (this.phase === 'over') return;
    this.#given = undefined;
    this.#living.context.state = undefined;
    this.#pause(delayMs);
  }

  #pause(delayMs: number): void {
    this.phase = 'pausing';
    this.#living.settled(false);
    this.#living.after(delayMs, () => {
      if (this.phase !== 'pausing') return;
      this.phase = 'new';
      this.start();
    });
  }

  #deactivateFailed(error: unknown, later: boolean): void {
    if (this.phase !== 'stopping') return;
    this.#living.notPassivated(error);
    const fate = this.#living.failedStop(error);
    if (fate === undefined || fate.action === 'resume') this.#deactivated(later);
    else if (fate.action === 'restart' && (this.#living.isWanted || this.#waiters !== undefined))
      this.#forget(fate.delayMs);
    else this.#living.perish(fate);
  }

  #deactivated(later: boolean): void {
    const stored = this.#living.storeState();
    if (stored === undefined) this.#stopped(later);
    else
      stored.then(
        () => this.#stopped(true),
        (error: unknown) => {
          this.#living.notPassivated(error);
          this.#stopped(true);
        },
      );
  }

  #made(state: unknown): boolean {
    try {
      this.#living.stateMade(state);
      return true;
    } catch (error) {
      this.#startFailed(error);
      return false;
    }
  }

  #activate(state: unknown, later: boolean): void {
    const { type, context } = this.#living;
    context.state = state;
    const { activate } = type.definition;
    if (activate === undefined) this.#started(state, later);
    else
      this.#step(
        () => activate(context as never),
        (_, alsoLater) => this.#started(context.state, later || alsoLater),
      );
  }

  /** One step of the start, which may take its time. */
  #step(step: () => unknown, goOn: (value: unknown, later: boolean) => void): void {
    let value: unknown;
    try {
      value = step();
    } catch (error) {
      this.#startFailed(error);
      return;
    }
    if (!isPromiseLike(value)) {
      goOn(value, false);
      return;
    }
    Promise.resolve(value).then(
      (result) => {
        if (this.phase === 'starting') goOn(result, true);
      },
      (error: unknown) => {
        if (this.phase === 'starting') this.#startFailed(error);
      },
    );
  }

  #started(state: unknown, later: boolean): void {
    this.#given = undefined;
    this.#living.context.state = state;
    this.phase = 'ready';
    this.#living.started();
    for (const waiter of this.#takeWaiters()) waiter.stateReady(state);
    this.#living.settled(later);
  }

  #startFailed(error: unknown): void {
    const fate = this.#living.failedStart(error);
    if (fate?.action === 'restart') {
      // What is stored is taken again: this one may have been changed.
      if (this.#living.isStored) this.#given = undefined;
      this.#pause(fate.delayMs);
      return;
    }
    if (fate !== undefined && fate.action !== 'resume') {
      this.#living.perish(fate);
      return;
    }
    const isPackedAway = this.#given !== undefined && this.#packAway(this.#given.state);
    this.#living.startFailed(error, isPackedAway);
  }

  #stopped(later: boolean): void {
    if (this.phase !== 'stopping') return;
    const { context, isWanted } = this.#living;
    const { state } = context;
    if (isWanted || this.#waiters !== undefined || !this.#packAway(state)) {
      this.phase = 'new';
      this.#given = { state };
    }
    this.#living.settled(later);
    if (this.#waiters !== undefined && this.phase === 'new') this.start();
  }

  #packAway(state: unknown): boolean {
    try {
      this.#living.packAway(state);
      this.phase = 'over';
      return true;
    } catch (error) {
      this.#living.notPassivated(error);
      return false;
    }
  }

  #takeWaiters(): readonly StateWaiter[] {
    const waiters = this.#waiters ?? [];
    this.#waiters = undefined;
    return waiters;
  }
}
