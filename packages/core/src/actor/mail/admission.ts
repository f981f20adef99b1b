/**
 * Lets messages into the mailboxes of a thread: counts those that are in, keeps the asks among them in the book, and
 * sees to it that calls which come back to a turn that waits for them go on within that turn.
 */
import type { Member } from '../../mesh/member.ts';
import type { ActorTypes } from '../actor-type.ts';
import { stepsFrom } from '../call/call-path.ts';
import type { Activation } from '../life/activation.ts';
import type { CycleWatch } from '../turn/cycle-watch.ts';
import type { TurnObserver } from '../turn/turn-observer.ts';
import { type TurnQueue, turnBudgetMsMax } from '../turn/turn-queue.ts';
import { awaitingTurn } from '../turn/turn-rule.ts';
import { type Letter, noRequest } from './letter.ts';
import type { OpenAsks } from './open-asks.ts';
import type { OpenLetters } from './open-letters.ts';
import { mailboxFull, notReentrant, type Refusal } from './refusals.ts';

export interface AdmissionParts {
  readonly member: Member;
  readonly types: ActorTypes;
  readonly open: OpenLetters;
  readonly asks: OpenAsks;
  readonly cycles: CycleWatch;
  readonly observer: TurnObserver;
  readonly turns: TurnQueue;
}

export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** A tell whose sender waits until it is in the mailbox. */
  acceptTell(activation: Activation, letter: Letter): Refusal | undefined {
    const { requestId } = letter;
    letter.requestId = noRequest;
    const refusal = this.accept(activation, letter);
    if (refusal !== undefined) return refusal;
    if (letter.inLine) {
      letter.requestId = requestId;
      letter.tellWaits = true;
      this.#parts.asks.add(letter);
    } else this.#parts.member.replyOwned(letter.from, requestId, undefined);
    return undefined;
  }

  /** Undefined when the letter is in its mailbox, or handled already. */
  accept(activation: Activation, letter: Letter): Refusal | undefined {
    const { open, asks, cycles, observer } = this.#parts;
    open.count++;
    observer.arrived(letter);
    const refusal = this.#admit(activation, letter);
    if (refusal !== undefined) {
      open.count--;
      return refusal;
    }
    open.keep();
    if (letter.place === 'sent') letter.place = 'waiting';
    if (letter.requestId === noRequest || letter.place === 'ended') return undefined;
    asks.add(letter);
    if (letter.path !== undefined && letter.place === 'waiting') cycles.begin();
    return undefined;
  }

  #admit(activation: Activation, letter: Letter): Refusal | undefined {
    const { path } = letter;
    const awaiting = path === undefined ? undefined : awaitingTurn(path, activation.openTurns);
    if (path === undefined || awaiting === undefined) {
      if (activation.accept(letter) || this.#acceptFull(activation, letter)) return undefined;
      return () => mailboxFull(activation.type, activation.key);
    }
    const { type, key } = activation;
    if (type.reentrant) {
      activation.acceptUrgent(letter);
      return undefined;
    }
    const last = { turn: 0, actor: type.id, key, method: letter.method };
    return () => notReentrant(this.#parts.types, [...stepsFrom(path, awaiting.turnId), last]);
  }

  /** A sender on this thread holds it anyway: its messages make room as long as they can. */
  #acceptFull(activation: Activation, letter: Letter): boolean {
    const { member, turns } = this.#parts;
    const budgetMs = letter.from === member.self ? Number.POSITIVE_INFINITY : turnBudgetMsMax;
    return turns.makeRoom(activation, budgetMs) && activation.accept(letter);
  }
}
