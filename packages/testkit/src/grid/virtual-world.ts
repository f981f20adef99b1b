/**
 * The world of a test grid: one queue of work for each link and for the turns of each member, and timers that wait for
 * the test to move the time.
 *
 * Work flows by itself, one piece in each turn of the real event loop, so that promises settle in between; whose turn
 * it is, is drawn from the seed. Inside a queue everything stays in its order, as on a link between threads. Time
 * stands still meanwhile: it moves with `advance`, from timer to timer.
 *
 * Left out: what code under test waits for outside of the grid (files, sockets, timers of its own). The world doesn't
 * see it coming.
 */
import { AsyncResource } from 'node:async_hooks';
import type {
  DeliveryLane,
  ErrorRegistry,
  InlineWorld,
  Member,
  MemberId,
  MemberIdentity,
  SharedState,
} from '@troupe/core';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { MemberClock, type VirtualTimer } from './member-clock.ts';
import { ObservedMember } from './observed-member.ts';

/** Work in its order. */
interface Lane {
  readonly name: string;
  readonly work: (() => void)[];
}

export interface VirtualWorldOptions {
  readonly seed: number;
  readonly hostCount: number;
  readonly restartMs: number;
}

/** More pieces of work than any test means to do without the time moving. */
const idleStepsMax = 1_000_000;

export class VirtualWorld implements InlineWorld {
  readonly hostCount: number;
  readonly hostsMayDie = true;
  readonly packsAll = true;
  readonly restartMs: number;
  readonly #time = new VirtualTime();
  readonly #random: SeededRandom;
  readonly #order: SeededRandom;
  /** Everything that runs by itself runs in the async context in which the grid was made. */
  readonly #root = new AsyncResource('troupe.test-grid');
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: Lane[] = [];
  readonly #timers = new Set<VirtualTimer>();
  readonly #members = new Map<MemberId, ObservedMember>();
  readonly #whenEmpty: (() => void)[] = [];
  readonly #step = (): void => this.#runOne();
  #pumping = false;
  #steps = 0;

  constructor({ seed, hostCount, restartMs }: VirtualWorldOptions) {
    this.#random = new SeededRandom(seed);
    this.#order = this.#random.fork('order');
    this.hostCount = hostCount;
    this.restartMs = restartMs;
  }

  get nowMs(): number {
    return this.#time.now;
  }

  /** Of everything that has run, in its order. */
  get traceHash(): string {
    return this.#time.traceHash;
  }

  /** Those that live, by number. */
  get members(): readonly ObservedMember[] {
    return [...this.#members.values()].sort((a, b) => a.self.id - b.self.id);
  }

  /** Timers that do more than bound something else. */
  namedTimers(): VirtualTimer[] {
    return [...this.#timers].filter(({ what, isUpkeep }) => what !== undefined && !isUpkeep);
  }

  // ── the world of the hosts ────────────────────────────────────────────────────────────────────────────────────

  makeMember(identity: MemberIdentity, shared: SharedState, errors: ErrorRegistry): Member {
    const { id, incarnation } = identity;
    const name = `member ${id}.${incarnation}`;
    const clock = new MemberClock({
      name,
      nowMs: () => this.#time.now,
      random: this.#random.fork(name),
      later: (run) => this.#put(name, run),
      set: (timer, delayMs) => this.#set(timer, delayMs),
      drop: (timer) => this.#timers.delete(timer),
    });
    const member = new ObservedMember(identity, shared, errors, clock);
    this.#members.set(id, member);
    return member;
  }

  ended(member: Member): void {
    (member.clock as MemberClock).end();
    for (const timer of this.#timers) if (timer.clock === member.clock) timer.cancel();
    this.#members.delete(member.self.id);
  }

  lane(from: MemberId, to: MemberId): DeliveryLane {
    return (run) => this.#put(`link ${from} → ${to}`, run);
  }

  newsLane(to: MemberId): DeliveryLane {
    return (run) => this.#put(`news → ${to}`, run);
  }

  // ── work ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Resolves when nothing is left to run without the time moving. */
  async idle(): Promise<void> {
    const start = this.#steps;
    for (;;) {
      if (this.#ready.length > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
      // What the last piece has settled may bring more.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#ready.length === 0) return;
      if (this.#steps - start > idleStepsMax)
        throw new Error(
          `the grid is not idle after ${idleStepsMax} steps at ${this.nowMs} ms: something goes round in circles`,
        );
    }
  }

  #put(name: string, run: () => void): void {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { name, work: [] };
      this.#lanes.set(name, lane);
    }
    if (lane.work.push(run) > 1) return;
    this.#ready.push(lane);
    if (this.#pumping) return;
    this.#pumping = true;
    this.#root.runInAsyncScope(setImmediate, undefined, this.#step);
  }

  #runOne(): void {
    const position = this.#order.integer(0, this.#ready.length - 1);
    const lane = this.#ready[position] as Lane;
    const run = lane.work.shift() as () => void;
    if (lane.work.length === 0) this.#ready.splice(position, 1);
    this.#steps++;
    this.#time.trace(lane.name);
    try {
      run();
    } finally {
      this.#pumping = this.#ready.length > 0;
      if (this.#pumping) setImmediate(this.#step);
      else for (const resolve of this.#whenEmpty.splice(0)) resolve();
    }
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Moves the time on by `ms`; everything that comes due on the way runs to its end first. */
  async advance(ms: number): Promise<void> {
    await this.idle();
    const endMs = this.#time.now + ms;
    while ((this.#time.nextAtMs ?? Number.POSITIVE_INFINITY) <= endMs) await this.#toNextTimer();
    this.#time.advance(endMs - this.#time.now);
  }

  get hasTimers(): boolean {
    return this.#time.nextAtMs !== undefined;
  }

  /** Moves the time on to the next timer. False: there is none until `untilMs`, and the time stays. */
  async advanceToTimer(untilMs: number): Promise<boolean> {
    await this.idle();
    if ((this.#time.nextAtMs ?? Number.POSITIVE_INFINITY) > untilMs) return false;
    await this.#toNextTimer();
    return true;
  }

  /** Those of one moment stand in line with the other work of their members, whose order is drawn. */
  async #toNextTimer(): Promise<void> {
    const atMs = this.#time.nextAtMs;
    while (this.#time.nextAtMs === atMs && this.#time.step());
    await this.idle();
  }

  #set(timer: VirtualTimer, delayMs: number): void {
    this.#timers.add(timer);
    const run = AsyncResource.bind(() => timer.fire());
    const due = (): void => {
      if (!timer.isOver) this.#put(timer.clock.name, run);
    };
    timer.scheduled = this.#time.schedule(delayMs, due, timer.clock.name);
  }
}
