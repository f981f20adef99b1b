/** The clock of one member in virtual time. It ends with the member: nothing that was asked of it runs any more. */
import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '@troupe/core';
import type { SeededRandom } from '../seeded-random.ts';
import type { Timer } from '../virtual-time.ts';

/** What a clock needs of its world. */
export interface ClockWorld {
  /** Of the member. */
  readonly name: string;
  readonly random: SeededRandom;
  nowMs(): number;
  /** Runs it in a turn of this member, with nothing else. */
  later(run: () => void): void;
  set(timer: VirtualTimer, delayMs: number): void;
  drop(timer: VirtualTimer): void;
}

/** The virtual time begins at the same moment for everybody, so that runs can be compared. */
export const epochStartMs = Date.UTC(2000, 0, 1);
/** As on the event loop: no timer is due at once. */
const delayMsMin = 1;

export class VirtualTimer {
  readonly clock: MemberClock;
  readonly what: string | undefined;
  readonly isUpkeep: boolean;
  readonly dueMs: number;
  isOver = false;
  scheduled: Timer | undefined;
  readonly #world: ClockWorld;
  readonly #run: () => void;

  constructor(clock: MemberClock, world: ClockWorld, run: () => void, kind: TimerKind) {
    this.clock = clock;
    this.#world = world;
    this.#run = run;
    this.what = kind.what;
    this.isUpkeep = kind.isUpkeep;
    this.dueMs = kind.dueMs;
  }

  fire(): void {
    if (this.isOver) return;
    this.#end();
    this.#run();
  }

  cancel(): void {
    this.scheduled?.cancel();
    this.#end();
  }

  #end(): void {
    this.isOver = true;
    this.#world.drop(this);
  }
}

interface TimerKind {
  readonly what: string | undefined;
  readonly isUpkeep: boolean;
  readonly dueMs: number;
}

/** A timer that is set again and again. */
class Repetition {
  timer: VirtualTimer | undefined;
}

export class MemberClock implements Clock {
  readonly #world: ClockWorld;
  #ended = false;

  constructor(world: ClockWorld) {
    this.#world = world;
  }

  get name(): string {
    return this.#world.name;
  }

  /** The member is dead. */
  end(): void {
    this.#ended = true;
  }

  now(): number {
    return this.#world.nowMs();
  }

  epochNow(): number {
    return epochStartMs + this.#world.nowMs();
  }

  after(delayMs: number, run: () => void, what?: string): VirtualTimer {
    return this.#set(delayMs, run, what, false);
  }

  upkeepAfter(delayMs: number, run: () => void): VirtualTimer {
    return this.#set(delayMs, run, undefined, true);
  }

  every(periodMs: number, run: () => void): Repetition {
    const repetition = new Repetition();
    const again = (): void => {
      repetition.timer = this.upkeepAfter(periodMs, () => {
        // First, so that `run` can cancel it.
        again();
        run();
      });
    };
    again();
    return repetition;
  }

  cancel(timer: object | undefined): void {
    if (timer instanceof Repetition) timer.timer?.cancel();
    else if (timer instanceof VirtualTimer) timer.cancel();
  }

  nextTurn(run: () => void): void {
    if (this.#ended) return;
    const bound = AsyncResource.bind(run);
    this.#world.later(() => {
      if (!this.#ended) bound();
    });
  }

  random(): number {
    return this.#world.random.next();
  }

  #set(delayMs: number, run: () => void, what: string | undefined, isUpkeep: boolean): VirtualTimer {
    const waitMs = Math.max(delayMsMin, delayMs);
    const dueMs = this.#world.nowMs() + waitMs;
    const timer = new VirtualTimer(this, this.#world, run, { what, isUpkeep, dueMs });
    if (!this.#ended) this.#world.set(timer, waitMs);
    return timer;
  }
}
