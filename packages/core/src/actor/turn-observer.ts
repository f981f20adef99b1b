/**
 * Who looks on while the actors of a thread work: the meter, subscribers of diagnostics channels, a tracer. Also what
 * brings a turn into the context of its request, since that travels with its message.
 *
 * Nobody looks at most messages: they cost an addition. What is looked at has an `ObservedTurn`.
 */
import { channel } from 'node:diagnostics_channel';
import { type CallFacts, runCalled } from '../context/call-tracer.ts';
import { currentContext } from '../context/request-context.ts';
import { fromStorageKey, type Key, type StorageKey } from '../key/key.ts';
import type { Member } from '../mesh/member.ts';
import { ActorMeter, type RawActorMetrics } from '../metrics/actor-meter.ts';
import type { OwnContext } from './actor-context.ts';
import type { ActorPorts } from './actor-ports.ts';
import type { ActorType } from './actor-type.ts';
import { type Letter, noRequest } from './letter.ts';

/** Name of the diagnostics channel of turns. */
export const turnChannelName = 'troupe.actor.turn';
/** Name of the diagnostics channel of the lives of actors. */
export const lifeChannelName = 'troupe.actor.life';

/** Published on the channel `troupe.actor.turn` when a turn has ended. */
export interface ActorTurnEvent {
  readonly actor: string;
  readonly key: Key;
  readonly method: string;
  /** How long its message waited, in milliseconds. */
  readonly waitMs: number;
  /** How long the turn took, its awaits included, in milliseconds. */
  readonly turnMs: number;
  /** Messages that were in the mailbox before it. */
  readonly mailboxLength: number;
}

/** Published on the channel `troupe.actor.life`. */
export interface ActorLifeEvent {
  /** `activated`: it is in memory. `deactivated`: it is no more, with or without a state that was kept. */
  readonly event: 'activated' | 'deactivated';
  readonly actor: string;
  readonly key: Key;
}

const turns = channel(turnChannelName);
const lives = channel(lifeChannelName);

export class TurnObserver {
  readonly #member: Member;
  readonly #meter: ActorMeter;
  readonly #clock: Pick<ActorPorts, 'now'>;

  constructor(member: Member, countsKeys: boolean | undefined, clock: Pick<ActorPorts, 'now'>) {
    this.#member = member;
    this.#meter = new ActorMeter(countsKeys === true ? 'counts-keys' : 'no-keys');
    this.#clock = clock;
  }

  /** A message is to have its turn. */
  arrived(letter: Letter): void {
    const { home } = letter;
    const isMeasured = this.#meter.arrived(home.type, home.key);
    if (!isMeasured && this.#member.tracer === undefined && !turns.hasSubscribers) return;
    const observed = letter.observe();
    observed.arrivedMs = this.#clock.now();
    observed.ahead = home.waiting;
  }

  /** Runs the method of a turn. */
  call(letter: Letter, type: ActorType, context: OwnContext): unknown {
    const { observed, method, args } = letter;
    if (observed !== undefined && observed.arrivedMs > 0) observed.startedMs = this.#clock.now();
    const isBare = observed?.context === undefined && currentContext() === undefined;
    if (isBare && this.#member.tracer === undefined) return type.call(method, context, args);
    return this.#callInContext(letter, () => type.call(method, context, args));
  }

  /** The turn of a letter that is observed has ended. */
  ended(letter: Letter): void {
    const { observed, home, method } = letter;
    if (observed === undefined || observed.startedMs === 0) return;
    const waitMs = observed.startedMs - observed.arrivedMs;
    const turnMs = this.#clock.now() - observed.startedMs;
    this.#meter.turnEnded(waitMs, turnMs, observed.ahead);
    if (!turns.hasSubscribers) return;
    const event: ActorTurnEvent = {
      ...nameOf(home.type, home.key),
      method: home.type.methodNames[method] ?? '',
      waitMs,
      turnMs,
      mailboxLength: observed.ahead,
    };
    turns.publish(event);
  }

  activated(type: ActorType, key: StorageKey): void {
    this.#meter.activated();
    publishLife('activated', type, key);
  }

  deactivated(type: ActorType, key: StorageKey): void {
    this.#meter.deactivated();
    publishLife('deactivated', type, key);
  }

  raw(): RawActorMetrics {
    return this.#meter.raw();
  }

  #callInContext<T>(letter: Letter, run: () => T): T {
    const { observed, home, requestId, method, tellWaits } = letter;
    const { type, key } = home;
    const kind = requestId === noRequest || tellWaits ? 'tell' : 'ask';
    const call = { kind, name: type.definition.name, method: type.methodNames[method] } as const;
    const facts = (): CallFacts => ({
      'troupe.actor.key': String(fromStorageKey(key)),
      'troupe.host': this.#member.self.id - 1,
      ...(observed === undefined || observed.arrivedMs === 0
        ? undefined
        : { 'troupe.mailbox.wait_ms': observed.startedMs - observed.arrivedMs }),
    });
    return runCalled(this.#member, call, observed?.context, facts, run);
  }
}

function publishLife(event: ActorLifeEvent['event'], type: ActorType, key: StorageKey): void {
  if (!lives.hasSubscribers) return;
  const life: ActorLifeEvent = { event, ...nameOf(type, key) };
  lives.publish(life);
}

function nameOf(type: ActorType, key: StorageKey): { readonly actor: string; readonly key: Key } {
  return { actor: type.definition.name, key: fromStorageKey(key) };
}
