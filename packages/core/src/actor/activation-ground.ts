/**
 * What the activations of one member stand on: their answers and failures leave from here, and their timers, watches,
 * kept states and turns are found here.
 */
import { copyToHandOver } from '../codec/attachment.ts';
import { copiedReferences } from '../codec/value.ts';
import type { Member } from '../mesh/member.ts';
import type { Activation } from './activation.ts';
import type { ActivationPort } from './activation-port.ts';
import { ActorAddress } from './actor-address.ts';
import type { ContextClasses } from './actor-context.ts';
import { eventOf, publishActorEvent } from './actor-events.ts';
import type { KeptState } from './actor-life.ts';
import type { ActorPorts } from './actor-ports.ts';
import type { ActorReminders } from './actor-reminders.ts';
import type { StreamStep } from './actor-stream.ts';
import type { ActorStreams } from './actor-streams.ts';
import type { Fate } from './actor-supervisor.ts';
import type { ActorTimers } from './actor-timers.ts';
import type { ActorType } from './actor-type.ts';
import type { CurrentTurn } from './current-turn.ts';
import type { DeadLetterOffice } from './dead-letter-office.ts';
import type { FailureNotices } from './failure-notices.ts';
import { type Letter, noRequest } from './letter.ts';
import type { OpenAsks } from './open-asks.ts';
import type { OpenLetters } from './open-letters.ts';
import type { ResidentActors } from './resident-actors.ts';
import type { TurnObserver } from './turn-observer.ts';
import type { TurnQueue } from './turn-queue.ts';

export interface ActivationGroundParts {
  readonly member: Member;
  readonly ports: ActorPorts;
  readonly current: CurrentTurn;
  readonly timers: ActorTimers;
  readonly observer: TurnObserver;
  readonly reminders: ActorReminders;
  readonly turns: TurnQueue;
  readonly asks: OpenAsks;
  readonly open: OpenLetters;
  readonly deadLetters: DeadLetterOffice;
  readonly failures: FailureNotices;
  actors(): ResidentActors;
  streams(): ActorStreams;
  contexts(): ContextClasses;
  readonly watchFor: ActivationPort['watchFor'];
}

export class ActivationGround implements ActivationPort {
  readonly current: CurrentTurn;
  readonly timers: ActorTimers;
  readonly observer: TurnObserver;
  readonly reminders: ActorReminders;
  readonly watchFor: ActivationPort['watchFor'];
  readonly #parts: ActivationGroundParts;
  readonly #member: Member;

  constructor(parts: ActivationGroundParts) {
    this.#parts = parts;
    this.#member = parts.member;
    this.current = parts.current;
    this.timers = parts.timers;
    this.observer = parts.observer;
    this.reminders = parts.reminders;
    this.watchFor = parts.watchFor;
  }

  get contexts(): ContextClasses {
    return this.#parts.contexts();
  }

  now(): number {
    return this.#parts.ports.now();
  }

  after(ms: number, run: () => void): () => void {
    return this.#parts.ports.after(ms, run);
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────

  runnable(activation: Activation): void {
    this.#parts.turns.add(activation);
  }

  unlocked(activation: Activation): void {
    this.#parts.turns.runNow(activation, () => activation.takeTurn());
  }

  admitted(letter: Letter): void {
    if (!letter.tellWaits) return;
    this.#parts.asks.delete(letter);
    this.#member.replyOwned(letter.from, letter.requestId, undefined);
    letter.tellWaits = false;
    letter.requestId = noRequest;
  }

  ended(activation: Activation, letter: Letter, answer: unknown): void {
    const stream = letter.turn?.stream;
    if (stream !== undefined) {
      this.#parts.streams().stepped(activation, letter, stream, answer as StreamStep);
      return;
    }
    if (letter.requestId !== noRequest) this.#answer(activation.type, letter, answer);
    this.done(letter);
  }

  failed(activation: Activation, letter: Letter, error: unknown): void {
    letter.turn?.stream?.fail();
    if (letter.requestId !== noRequest) this.#member.fail(letter.from, letter.requestId, error);
    else this.#parts.deadLetters.failed(activation, letter, error);
    this.done(letter);
  }

  refused(activation: Activation, letter: Letter, error: unknown): void {
    letter.turn?.stream?.fail();
    if (letter.requestId !== noRequest) this.#member.fail(letter.from, letter.requestId, error);
    else this.#parts.deadLetters.stopped(activation, letter, error);
    this.done(letter);
  }

  /** The message is over. */
  done(letter: Letter): void {
    if (letter.listed) this.#parts.asks.delete(letter);
    this.#parts.open.finished(1);
    letter.delivery?.ended?.();
  }

  // ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────

  used(activation: Activation): void {
    this.#parts.actors().used(activation);
  }

  takeState(activation: Activation): KeptState | undefined {
    return this.#parts.actors().takeState(activation);
  }

  passivated(activation: Activation, state: unknown): void {
    this.#parts.actors().packAway(activation, state);
  }

  notPassivated(activation: Activation, error: unknown): void {
    this.#parts.actors().spare(activation);
    publishActorEvent(() => eventOf('passivation-failed', activation.type, activation.key, -1, error));
  }

  over(activation: Activation): void {
    this.#parts.actors().remove(activation);
  }

  judged(activation: Activation, fate: Fate): void {
    this.#parts.failures.judged(activation, fate);
  }

  restartHookFailed({ type, key }: Activation, error: unknown): void {
    publishActorEvent(() => eventOf('before-restart-failed', type, key, -1, error));
  }

  #answer(type: ActorType, letter: Letter, answer: unknown): void {
    let copy: unknown;
    try {
      copy = copyToHandOver(answer, type.answerNames[letter.method] ?? 'the answer');
      const references = copiedReferences();
      if (references !== undefined) ActorAddress.mustBeOf(this.#member, references);
    } catch (error) {
      this.#member.fail(letter.from, letter.requestId, error);
      return;
    }
    this.#member.replyOwned(letter.from, letter.requestId, copy);
  }
}
