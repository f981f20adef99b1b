/** Lets the tells of a thread into its own mailboxes. Their senders learn at once whether they were taken in. */
import type { StorageKey } from '../../key/key.ts';
import type { Message } from '../../link/outbox.ts';
import type { Peer } from '../../mesh/peer.ts';
import type { PartitionId } from '../../mesh/shared-state.ts';
import type { ActorType } from '../actor-type.ts';
import type { LocalActors } from '../call/local-actors.ts';
import { unobserved } from '../call/tell.ts';
import type { DeadLetterOffice } from '../failure/dead-letter-office.ts';
import type { Activation } from '../life/activation.ts';
import type { ResidentActors } from '../life/resident-actors.ts';
import type { Seat } from '../life/seat.ts';
import type { TurnQueue } from '../turn/turn-queue.ts';
import type { Admission } from './admission.ts';
import { Letter, noRequest } from './letter.ts';
import { closing, type Refusal } from './refusals.ts';

export interface LocalTellsParts {
  readonly self: Peer;
  readonly actors: ResidentActors;
  readonly admission: Admission;
  readonly turns: TurnQueue;
  readonly deadLetters: DeadLetterOffice;
  /** Takes in a message of this member. Answers why it can't. */
  take(message: Message): Refusal | undefined;
  /** No message is taken in any more. */
  isClosed(): boolean;
}

export class LocalTells implements LocalActors {
  readonly #parts: LocalTellsParts;

  constructor(parts: LocalTellsParts) {
    this.#parts = parts;
  }

  tellHere(message: Message): Promise<void> | undefined {
    const refusal = this.#parts.take(message);
    if (refusal === undefined) return this.#pace();
    this.#parts.deadLetters.refusedTell(message, refusal, true);
    return unobserved(Promise.reject(refusal()));
  }

  seatOf(partition: PartitionId, incarnation: number, type: ActorType, key: StorageKey): Seat | undefined {
    const { actors } = this.#parts;
    const residents = this.#parts.isClosed() ? undefined : actors.of(partition, incarnation);
    return residents && actors.seat(residents, type, key);
  }

  tellActive(actor: Activation, method: number, args: readonly unknown[]): Promise<void> | undefined {
    const { self, admission, deadLetters } = this.#parts;
    const { type, key } = actor;
    const letter = new Letter(self, noRequest, method, args, actor, type.isReadonly(method), undefined);
    const refusal = this.#parts.isClosed() ? closing : admission.accept(actor, letter);
    if (refusal === undefined) return this.#pace();
    deadLetters.refusedHere(type, key, method, refusal);
    return unobserved(Promise.reject(refusal()));
  }

  /**
   * Undefined: more may follow. Resolves when actors have had their time in this turn of the event loop, so that a sender
   * who awaits lets them have more.
   */
  #pace(): Promise<void> | undefined {
    const { turns } = this.#parts;
    return turns.yielded ? turns.resumed() : undefined;
  }
}
