/**
 * The timers that actors of a thread have set. When one is due, the actor gets a message like any other, so it runs in a
 * turn; where its mailbox is full it comes a little later, and a repeated one whose last message still waits is left
 * out. Timers end with the activation, which is not passivated while it has any. Actors without timers cost nothing.
 */
import { copyValue } from '../../codec/value.ts';
import { mustBeName, mustBePositive } from '../../errors/argument.ts';
import { OverloadedError } from '../../errors/errors.ts';
import { actorTimersMax, timerMsMax, timerRetryMs } from '../../limits.ts';
import type { ActorType } from '../actor-type.ts';
import type { Letter } from '../mail/letter.ts';
import type { ActorPorts } from '../turn/actor-ports.ts';
import type { Activation } from './activation.ts';

/** Milliseconds until a timer is due: once, or again and again. */
export type TimerTime = number | { readonly everyMs: number };

interface Timer {
  readonly everyMs: number | undefined;
  readonly method: number;
  readonly args: readonly unknown[];
  cancel: () => void;
  /** Its last message. */
  letter: Letter | undefined;
}

export interface ActorTimersPort {
  readonly ports: Pick<ActorPorts, 'after'>;
  /** Puts a message in the actor's mailbox. Undefined: there is no room. */
  deliver(activation: Activation, method: number, args: readonly unknown[]): Letter | undefined;
}

export class ActorTimers {
  readonly #port: ActorTimersPort;
  readonly #timers = new Map<Activation, Map<string, Timer>>();
  #closed = false;

  constructor(port: ActorTimersPort) {
    this.#port = port;
  }

  has(activation: Activation): boolean {
    return this.#timers.has(activation);
  }

  /** Sets a timer of this name, in place of the one it had. Throws INVALID_ARGUMENT, or QUEUE_FULL for one too many. */
  set(activation: Activation, name: string, time: TimerTime, method: string, args: readonly unknown[]): void {
    mustBeName(name, 'name');
    const everyMs = typeof time === 'number' ? undefined : mustBePositive(time.everyMs, 'everyMs');
    const firstMs = everyMs ?? mustBePositive(time, 'ms');
    const timer: Timer = {
      everyMs,
      method: activation.type.mustFindMethod(method),
      args: copyValue(args, 'arguments of the timer'),
      cancel: () => undefined,
      letter: undefined,
    };
    this.clear(activation, name);
    if (this.#closed) return;
    const timers = this.#timers.get(activation) ?? new Map<string, Timer>();
    if (timers.size >= actorTimersMax) throw tooMany(activation.type);
    this.#timers.set(activation, timers.set(name, timer));
    this.#arm(activation, name, timer, firstMs);
  }

  /** Takes a timer back. False: there is none of this name. */
  clear(activation: Activation, name: string): boolean {
    const timers = this.#timers.get(activation);
    const timer = timers?.get(name);
    if (timers === undefined || timer === undefined) return false;
    timer.cancel();
    timers.delete(name);
    if (timers.size === 0) this.#timers.delete(activation);
    return true;
  }

  clearAll(activation: Activation): void {
    for (const timer of this.#timers.get(activation)?.values() ?? []) timer.cancel();
    this.#timers.delete(activation);
  }

  close(): void {
    this.#closed = true;
    for (const activation of this.#timers.keys()) this.clearAll(activation);
  }

  #arm(activation: Activation, name: string, timer: Timer, ms: number): void {
    timer.cancel = this.#port.ports.after(Math.min(ms, timerMsMax), () => this.#due(activation, name, timer));
  }

  #due(activation: Activation, name: string, timer: Timer): void {
    const { everyMs, letter, method, args } = timer;
    const stillWaits = letter !== undefined && letter.place !== 'ended';
    // Before it is delivered: the turn may run within, and set or clear the timer itself.
    if (everyMs !== undefined) this.#arm(activation, name, timer, everyMs);
    else this.clear(activation, name);
    if (stillWaits) return;
    timer.letter = this.#port.deliver(activation, method, copyValue(args, 'arguments of the timer'));
    if (timer.letter === undefined && everyMs === undefined) this.#later(activation, name, timer);
  }

  /** There was no room for the message of a timer that comes once. */
  #later(activation: Activation, name: string, timer: Timer): void {
    const timers = this.#timers.get(activation) ?? new Map<string, Timer>();
    if (this.#closed || timers.has(name)) return;
    this.#timers.set(activation, timers.set(name, timer));
    this.#arm(activation, name, timer, timerRetryMs);
  }
}

function tooMany({ definition: { name } }: ActorType): OverloadedError {
  return new OverloadedError('QUEUE_FULL', `an actor '${name}' has ${actorTimersMax} timers already`, {
    details: { actor: name, actorTimersMax },
  });
}
