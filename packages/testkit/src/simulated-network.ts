/**
 * Members that talk over links which behave as the links between threads do, in virtual time.
 *
 * Promised to the code under test, as in a real grid: a link carries messages in order and never twice;
 * messages get lost only with a dead end, of a dead sender always the last ones; a survivor hears of a
 * death after everything that will ever arrive from it; a restarted member has a higher incarnation and
 * new links. Not promised: any order between different links. A message from `p@2` may come before the
 * notice that `p@1` died.
 *
 * Messages pass through a codec, so no two members ever share an object.
 *
 * Left out: loss, doubling and reordering inside a living link. Threads don't do that; sockets do.
 */

import { type LinkRecord, LinkTable } from './link-table.ts';
import type { NetworkCodec } from './network-codec.ts';
import type { NetworkEvent } from './network-event.ts';
import { drawDurationMs, drawNetworkWeather, type NetworkWeather } from './network-weather.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { LinkEntry } from './simulated-link.ts';
import {
  formatAddress,
  isSameMember,
  type MemberAddress,
  type MemberContext,
  type MemberFactory,
  SimulatedMember,
} from './simulated-member.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a {@link SimulatedNetwork} is made of. */
export interface SimulatedNetworkOptions<Message, Wire> {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly codec: NetworkCodec<Message, Wire>;
  /** Absent: drawn from the random stream. */
  readonly weather?: NetworkWeather;
}

/**
 * A simulated network of members.
 *
 * To test your own protocol, write each member as a factory that gets its context and answers messages,
 * check the invariants after each step, and let the seed decide the rest:
 *
 * ```ts
 * const random = new SeededRandom(seed);
 * const time = new VirtualTime({ tieBreaker: random.fork('ties') });
 * const network = new SimulatedNetwork<Message, Message>({ time, random: random.fork('network'), codec: structuredCloneCodec() });
 * network.start('owner', (context) => new Owner(context));
 * network.start('client', (context) => new Client(context));
 * network.observe(() => expect(totalOf(network)).toBe(100));
 * time.schedule(20, () => network.kill('owner'));
 * time.schedule(35, () => network.restart('owner'));
 * time.runUntilIdle();
 * ```
 *
 * An error thrown by a member leaves `time.step()`: the run ends there, with the seed to repeat it.
 */
export class SimulatedNetwork<Message, Wire = unknown> {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #pauseRandom: SeededRandom;
  readonly #codec: NetworkCodec<Message, Wire>;
  readonly #factories = new Map<string, MemberFactory<Message>>();
  /** The newest incarnation of each name, dead or alive. */
  readonly #members = new Map<string, SimulatedMember<Message>>();
  readonly #links: LinkTable<Wire>;
  readonly #observers = new Set<(event: NetworkEvent<Message>) => void>();
  #weather: NetworkWeather;

  constructor(options: SimulatedNetworkOptions<Message, Wire>) {
    this.#time = options.time;
    this.#random = options.random;
    this.#pauseRandom = options.random.fork('pauses');
    this.#codec = options.codec;
    this.#links = new LinkTable(options.random, (from, to) => ({
      time: this.#time,
      isReceiverRunning: () => this.#receiverOf(to)?.isRunning === true,
      deliver: (entry) => this.#deliver(from, to, entry),
    }));
    this.#weather = options.weather ?? drawNetworkWeather(options.random.fork('weather'));
    this.#time.trace(JSON.stringify(this.#weather));
  }

  /** The disturbances of this run. */
  get weather(): NetworkWeather {
    return this.#weather;
  }

  /** Messages and notices under way. */
  get inFlight(): number {
    let count = 0;
    for (const { link } of this.#links.all()) count += link.length;
    return count;
  }

  /** Starts a name for the first time. Everybody knows it at once, without a notice. */
  start(name: string, factory: MemberFactory<Message>): MemberAddress {
    if (this.#factories.has(name)) throw new Error(`"${name}" was started before; use restart().`);
    this.#factories.set(name, factory);
    const address = { name, incarnation: 1 };
    for (const member of this.#members.values()) member.known.set(name, 1);
    this.#startIncarnation(address, factory);
    return address;
  }

  /** Starts the next incarnation of a dead member; the others get a notice over their new link. */
  restart(name: string): MemberAddress {
    const dead = this.#mustHaveMember(name);
    const factory = this.#factories.get(name);
    if (dead.isAlive || factory === undefined) throw new Error(`"${name}" is alive; kill it first.`);
    const address = { name, incarnation: dead.address.incarnation + 1 };
    const others = [...this.#members.values()].filter((member) => member.isAlive);
    // The notices go out first: they must be ahead of whatever the factory sends.
    for (const other of others)
      this.#enqueue(this.#links.between(address, other.address), { kind: 'sender-started' });
    this.#startIncarnation(address, factory);
    return address;
  }

  /**
   * Ends a member between two of its steps. Some of the last messages it sent may be lost with it, so
   * the others see a death at any instruction of its last steps.
   */
  kill(name: string): void {
    const member = this.#mustHaveMember(name);
    if (!member.isAlive) return;
    member.die();
    this.#time.trace(`kill ${formatAddress(member.address)}`);
    for (const record of this.#links.to(member.address)) this.#closeLink(record);
    for (const record of this.#links.from(member.address)) this.#loseSuffix(record);
    for (const survivor of this.#members.values()) {
      if (!survivor.isAlive) continue;
      this.#enqueue(this.#links.between(member.address, survivor.address), { kind: 'sender-lost' });
    }
    this.#emit({ kind: 'killed', member: member.address });
  }

  /** Lets a member stand still until `resume`: no messages, no timers. */
  pause(name: string): void {
    const member = this.#mustHaveMember(name);
    member.pause('caller');
    this.#emit({ kind: 'paused', member: member.address });
  }

  /** Ends a pause made by `pause`. */
  resume(name: string): void {
    const member = this.#mustHaveMember(name);
    if (member.isPausedBy('caller')) this.#resume(member, 'caller');
  }

  /** Ends all disturbances, now and later; for the part of a run that must come to an end. */
  heal(): void {
    this.#weather = { ...this.#weather, pauseChance: 0, clogChance: 0, lossAtDeathChance: 0 };
    for (const { link } of this.#links.all()) link.unclog();
    for (const member of this.#members.values()) {
      if (member.isPausedBy('weather')) this.#resume(member, 'weather');
      if (member.isPausedBy('caller')) this.#resume(member, 'caller');
    }
  }

  /** Whether the newest incarnation of a name is alive. */
  isAlive(name: string): boolean {
    return this.#members.get(name)?.isAlive === true;
  }

  /** Sends as a member would. Members themselves use their context. */
  send(from: MemberAddress, to: string | MemberAddress, message: Message): void {
    const sender = this.#members.get(from.name);
    if (sender === undefined || !isSameMember(sender.address, from)) return;
    this.#sendFrom(sender, to, message);
  }

  /** Calls `observe` after each step of the network; the returned function ends that. */
  observe(observe: (event: NetworkEvent<Message>) => void): () => void {
    this.#observers.add(observe);
    return () => {
      this.#observers.delete(observe);
    };
  }

  #startIncarnation(address: MemberAddress, factory: MemberFactory<Message>): void {
    const known = new Map<string, number>();
    for (const other of this.#members.values()) {
      if (other.isAlive) known.set(other.address.name, other.address.incarnation);
    }
    known.set(address.name, address.incarnation);
    const onTimer = (): void => this.#emit({ kind: 'timer-fired', member: address });
    const member = new SimulatedMember<Message>(address, { time: this.#time, known, onTimer });
    this.#members.set(address.name, member);
    this.#time.trace(`start ${formatAddress(address)}`);
    member.behaviour = factory(this.#contextOf(member));
    this.#emit({ kind: 'started', member: address });
  }

  #contextOf(member: SimulatedMember<Message>): MemberContext<Message> {
    return {
      address: member.address,
      clock: member.clock(),
      random: this.#random.fork(`member ${formatAddress(member.address)}`),
      send: (to, message) => this.#sendFrom(member, to, message),
      knownIncarnation: (name) => member.known.get(name),
    };
  }

  #sendFrom(sender: SimulatedMember<Message>, to: string | MemberAddress, message: Message): void {
    // The rest of a step whose member was killed in it never happened.
    if (!sender.isAlive) return;
    const wire = this.#codec.encode(message);
    if (wire instanceof Uint8Array || typeof wire === 'string') this.#time.trace(wire);
    const name = typeof to === 'string' ? to : to.name;
    const incarnation = typeof to === 'string' ? sender.known.get(to) : to.incarnation;
    const receiver = this.#mustHaveMember(name);
    if (receiver.address.incarnation !== incarnation || !receiver.isAlive) {
      const dead = { name, incarnation: incarnation ?? receiver.address.incarnation };
      this.#emit({ kind: 'dropped', from: sender.address, to: dead, count: 1 });
      return;
    }
    this.#enqueue(this.#links.between(sender.address, receiver.address), { kind: 'message', wire });
  }

  #enqueue(record: LinkRecord<Wire>, entry: LinkEntry<Wire>): void {
    const { delayMeanMs, delaySpread, clogChance, clogMeanMs } = this.#weather;
    const clogs = record.random.chance(clogChance);
    if (clogs) record.link.clog(drawDurationMs(record.random, clogMeanMs, 'long-tailed'));
    record.link.enqueue(entry, drawDurationMs(record.random, delayMeanMs, delaySpread));
  }

  #deliver(from: MemberAddress, to: MemberAddress, entry: LinkEntry<Wire>): void {
    const receiver = this.#receiverOf(to);
    if (receiver?.behaviour === undefined) return;
    if (entry.kind === 'message') {
      const message = this.#codec.decode(entry.wire);
      receiver.behaviour.receive(message, from);
      this.#emit({ kind: 'delivered', from, to, message });
    } else if (entry.kind === 'sender-started') {
      receiver.known.set(from.name, Math.max(from.incarnation, receiver.known.get(from.name) ?? 0));
      receiver.behaviour.memberStarted?.(from);
      this.#emit({ kind: 'start-noticed', started: from, by: to });
    } else {
      if (receiver.known.get(from.name) === from.incarnation) receiver.known.delete(from.name);
      this.#links.remove(from, to);
      receiver.behaviour.memberLost?.(from);
      this.#emit({ kind: 'loss-noticed', lost: from, by: to });
    }
    this.#maybePause(receiver);
  }

  #maybePause(member: SimulatedMember<Message>): void {
    if (!this.#pauseRandom.chance(this.#weather.pauseChance) || !member.isRunning) return;
    const durationMs = drawDurationMs(this.#pauseRandom, this.#weather.pauseMeanMs, 'even');
    member.pause('weather');
    this.#emit({ kind: 'paused', member: member.address });
    const end = (): void => {
      if (member.isAlive && member.isPausedBy('weather')) this.#resume(member, 'weather');
    };
    this.#time.schedule(durationMs, end, `end of pause ${formatAddress(member.address)}`);
  }

  #resume(member: SimulatedMember<Message>, reason: 'caller' | 'weather'): void {
    member.resume(reason);
    for (const { link } of this.#links.to(member.address)) link.resume();
    this.#emit({ kind: 'resumed', member: member.address });
  }

  #loseSuffix({ from, to, link, random }: LinkRecord<Wire>): void {
    const isLossy = random.chance(this.#weather.lossAtDeathChance);
    const count = random.integer(0, link.messageCount);
    if (!isLossy || count === 0) return;
    link.loseLast(count);
    this.#emit({ kind: 'dropped', from, to, count });
  }

  #closeLink({ from, to, link }: LinkRecord<Wire>): void {
    const count = link.close();
    this.#links.remove(from, to);
    if (count > 0) this.#emit({ kind: 'dropped', from, to, count });
  }

  #receiverOf(address: MemberAddress): SimulatedMember<Message> | undefined {
    const member = this.#members.get(address.name);
    return member !== undefined && isSameMember(member.address, address) ? member : undefined;
  }

  #mustHaveMember(name: string): SimulatedMember<Message> {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`No member "${name}" was ever started.`);
    return member;
  }

  #emit(event: NetworkEvent<Message>): void {
    for (const observe of this.#observers) observe(event);
  }
}
