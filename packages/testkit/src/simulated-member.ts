/**
 * One incarnation of a member of the simulated network: a stand-in for a thread.
 *
 * A pause stops all of it, its timers too; a death takes its state, its timers and everything it would
 * still have done. What a member knows of others (which incarnation of a name is alive) is its own and
 * changes only by the notices it receives, so it may be out of date exactly as a real thread may.
 */

import type { SeededRandom } from './seeded-random.ts';
import type { ClockPort, Timer, VirtualTime } from './virtual-time.ts';

/** One life of a named member. The incarnation starts at 1 and rises with each restart. */
export interface MemberAddress {
  readonly name: string;
  readonly incarnation: number;
}

/** Code under test, as the network sees it. */
export interface MemberBehaviour<Message> {
  receive(message: Message, from: MemberAddress): void;
  /** This incarnation died, and nothing more of it will arrive. */
  memberLost?(lost: MemberAddress): void;
  /** A new incarnation is there; `send` by name reaches it from now on. */
  memberStarted?(started: MemberAddress): void;
}

/** What the network hands to code under test. */
export interface MemberContext<Message> {
  readonly address: MemberAddress;
  readonly clock: ClockPort;
  readonly random: SeededRandom;
  /** To a name: to the incarnation this member knows of. To an address: to that incarnation only. */
  send(to: string | MemberAddress, message: Message): void;
  /** The living incarnation of a name as far as this member knows. */
  knownIncarnation(name: string): number | undefined;
}

/** Makes the state of one incarnation; called again after each restart. */
export type MemberFactory<Message> = (context: MemberContext<Message>) => MemberBehaviour<Message>;

/** Who keeps a member standing still. */
export type PauseReason = 'caller' | 'weather';

/** `name@incarnation`, for traces and messages. */
export function formatAddress(address: MemberAddress): string {
  return `${address.name}@${address.incarnation}`;
}

/** Whether both name the same life of the same member. */
export function isSameMember(left: MemberAddress, right: MemberAddress): boolean {
  return left.name === right.name && left.incarnation === right.incarnation;
}

/** The state of one incarnation that the network keeps. */
export class SimulatedMember<Message> {
  readonly address: MemberAddress;
  /** Living incarnations by name, as this member has been told. */
  readonly known: Map<string, number>;
  behaviour: MemberBehaviour<Message> | undefined;
  readonly #time: VirtualTime;
  readonly #onTimer: () => void;
  readonly #timers = new Set<MemberTimer>();
  readonly #pausedBy = new Set<PauseReason>();
  #heldTimers: MemberTimer[] = [];
  #isAlive = true;

  constructor(
    address: MemberAddress,
    world: { readonly time: VirtualTime; readonly known: Map<string, number>; readonly onTimer: () => void },
  ) {
    this.address = address;
    this.known = world.known;
    this.#time = world.time;
    this.#onTimer = world.onTimer;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Alive and not paused. */
  get isRunning(): boolean {
    return this.#isAlive && this.#pausedBy.size === 0;
  }

  isPausedBy(reason: PauseReason): boolean {
    return this.#pausedBy.has(reason);
  }

  pause(reason: PauseReason): void {
    this.#pausedBy.add(reason);
  }

  /** Timers that came due meanwhile fire now, in the order they came due. */
  resume(reason: PauseReason): void {
    this.#pausedBy.delete(reason);
    if (!this.isRunning) return;
    const held = this.#heldTimers;
    this.#heldTimers = [];
    for (const timer of held) timer.arm(this.#time, 0, () => this.#fire(timer));
  }

  die(): void {
    this.#isAlive = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#heldTimers = [];
  }

  /** The clock of this member: it stops in a pause and ends with the member. */
  clock(): ClockPort {
    return { nowMs: () => this.#time.now, setTimer: (delayMs, run) => this.#setTimer(delayMs, run) };
  }

  #setTimer(delayMs: number, run: () => void): Timer {
    const timer = new MemberTimer(run, `timer ${formatAddress(this.address)}`, this.#timers);
    if (!this.#isAlive) return timer;
    this.#timers.add(timer);
    timer.arm(this.#time, delayMs, () => this.#fire(timer));
    return timer;
  }

  #fire(timer: MemberTimer): void {
    if (!this.isRunning) {
      this.#heldTimers.push(timer);
      return;
    }
    // A timer cancelled while it was held has left the set.
    if (!this.#timers.delete(timer)) return;
    timer.run();
    this.#onTimer();
  }
}

class MemberTimer implements Timer {
  readonly run: () => void;
  readonly #label: string;
  readonly #owner: Set<MemberTimer>;
  #scheduled: Timer | undefined;

  constructor(run: () => void, label: string, owner: Set<MemberTimer>) {
    this.run = run;
    this.#label = label;
    this.#owner = owner;
  }

  arm(time: VirtualTime, delayMs: number, fire: () => void): void {
    this.#scheduled = time.schedule(delayMs, fire, this.#label);
  }

  cancel(): void {
    this.#owner.delete(this);
    this.#scheduled?.cancel();
  }
}
