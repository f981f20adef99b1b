/**
 * The owner's end of streams that actors answer with: opens them, puts their steps into mailboxes, one after the other,
 * and answers when they are over. A step needs no room in the mailbox: it belongs to a message that was admitted.
 */
import type { Member } from '../../mesh/member.ts';
import { type StreamId, streamsOf } from '../../stream/member-streams.ts';
import { intakeOf } from '../../stream/stream-intake.ts';
import type { Activation } from '../life/activation.ts';
import { type Letter, noRequest } from '../mail/letter.ts';
import { ActorStream, type StreamStep } from './actor-stream.ts';
import { awaitingTurn } from './turn-rule.ts';

export interface ActorStreamGround {
  readonly member: Member;
  /** Calls `run` in the next turn of the event loop. */
  readonly later: (run: () => void) => void;
  /** Waits with a path: may be part of a circle. */
  readonly waits: () => void;
  /** Why the actor is no more; undefined while it is there. */
  readonly gone: (activation: Activation) => Error | undefined;
  readonly failed: (activation: Activation, letter: Letter, error: unknown) => void;
  readonly done: (letter: Letter) => void;
}

export class ActorStreams {
  readonly #ground: ActorStreamGround;

  constructor(ground: ActorStreamGround) {
    this.#ground = ground;
  }

  /** The letter, just arrived, asks for the stream `id`. */
  open(letter: Letter, id: StreamId, home: Activation): void {
    const { member, later } = this.#ground;
    const { from, requestId, method } = letter;
    const streams = streamsOf(member);
    letter.record().stream = new ActorStream(() => {
      const outflow = streams.produce(from, requestId, id);
      home.openStreams++;
      return {
        outflow,
        intake: intakeOf(outflow, later, `an item of ${home.type.labelOf(method)}`),
        close: () => {
          home.openStreams--;
          streams.close(from, requestId);
        },
      };
    });
  }

  /** A step of the letter's stream has ended; its turn is not over yet, but will be in this turn of the microtasks. */
  stepped(activation: Activation, letter: Letter, stream: ActorStream, step: StreamStep): void {
    const next = stream.stepped(step);
    if (next === 'over') this.#end(activation, letter, stream);
    else void Promise.resolve(next).then(() => this.#resume(activation, letter));
  }

  #end(activation: Activation, letter: Letter, stream: ActorStream): void {
    const { member, failed, done } = this.#ground;
    try {
      const batches = stream.end();
      if (letter.requestId !== noRequest) member.replyOwned(letter.from, letter.requestId, batches);
      done(letter);
    } catch (error) {
      failed(activation, letter, error);
    }
  }

  #resume(activation: Activation, letter: Letter): void {
    const { gone, failed, waits } = this.#ground;
    const error = gone(activation);
    if (error !== undefined) {
      failed(activation, letter, error);
      return;
    }
    letter.place = 'waiting';
    const { path } = letter;
    // Within the turn that reads it, if that is one of the actor's own.
    if (awaitingTurn(path, activation.openTurns) === undefined) activation.acceptStep(letter);
    else activation.acceptUrgent(letter);
    if (path === undefined || !isWaiting(letter)) return;
    // Each step waits anew.
    letter.record().looks = 0;
    waits();
  }
}

/** It may have had its turn meanwhile. */
function isWaiting(letter: Letter): boolean {
  return letter.place === 'waiting';
}
