/** What an activation tells its service, and what it has from there. */

import type { CurrentTurn } from '../call/current-turn.ts';
import type { Fate } from '../failure/actor-supervisor.ts';
import type { Letter } from '../mail/letter.ts';
import type { TurnObserver } from '../turn/turn-observer.ts';
import type { Activation } from './activation.ts';
import type { ContextClasses } from './actor-context.ts';
import type { KeptState } from './actor-life.ts';
import type { ActorReminders } from './actor-reminders.ts';
import type { ActorTimers } from './actor-timers.ts';

/** None of these may throw, but where it says so. */
export interface ActivationPort {
  readonly current: CurrentTurn;
  readonly contexts: ContextClasses;
  readonly observer: TurnObserver;
  /** It can take a turn now. */
  runnable(activation: Activation): void;
  ended(activation: Activation, letter: Letter, answer: unknown): void;
  failed(activation: Activation, letter: Letter, error: unknown): void;
  /** The letter waited, and never had a turn. */
  refused(activation: Activation, letter: Letter, error: unknown): void;
  /** Supervision has decided this about the activation. */
  judged(activation: Activation, fate: Fate): void;
  /** `beforeRestart` failed. */
  restartHookFailed(activation: Activation, error: unknown): void;
  /** The time of what lasts, as the ports tell it. */
  now(): number;
  /** Calls `run` once, `ms` from now. */
  after(ms: number, run: () => void): () => void;
  /** The letter waited before the mailbox, and is in it now. */
  admitted(letter: Letter): void;
  readonly timers: ActorTimers;
  readonly reminders: ActorReminders;
  /** Sends the activation's actor a message when the memory of the other one is lost. */
  watchFor(watcher: Activation, reference: unknown, method: number, args: readonly unknown[]): () => void;
  /** It has a turn. */
  used(activation: Activation): void;
  /** The state that was packed away, which is the activation's from now on. */
  takeState(activation: Activation): KeptState | undefined;
  /** It is over, and its state to be packed away. Throws when that isn't data; then it stays. */
  passivated(activation: Activation, state: unknown): void;
  /** `deactivate` failed, or the state can't be packed away. */
  notPassivated(activation: Activation, error: unknown): void;
  /** Its state could not be made. */
  over(activation: Activation): void;
  /** It has the lock for one turn, within this call: run `takeTurn` now. */
  unlocked(activation: Activation): void;
}
