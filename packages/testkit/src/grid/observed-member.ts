/** A member that remembers what it has asked, so that a test can be told by name what it left unanswered. */
import {
  type CallOptions,
  Family,
  familyOf,
  Member,
  type MemberId,
  type Message,
  type Peer,
} from '@troupe/core';

/** When so many are remembered, those that were answered are forgotten. */
const rememberedMax = 1_000;

export class ObservedMember extends Member {
  #asked = new Map<number, Message>();

  override request(to: MemberId, message: Message, bytes: number, options?: CallOptions): Promise<unknown> {
    const answer = super.request(to, message, bytes, options);
    this.#remember(message);
    return answer;
  }

  override requestProtocol(peer: Peer, message: Message, options?: CallOptions): Promise<unknown> {
    const answer = super.requestProtocol(peer, message, options);
    this.#remember(message);
    return answer;
  }

  /** What waits for an answer, but for the views, which are questions of the kit itself. */
  unanswered(): readonly Message[] {
    this.#forgetAnswered();
    return [...this.#asked.values()].filter((message) => familyOf(message[0] as number) !== Family.view);
  }

  #remember(message: Message): void {
    const requestId = message[1] as number;
    // 0: it waits for its host to be connected, and comes again then.
    if (requestId !== 0) this.#asked.set(requestId, message);
    if (this.#asked.size > rememberedMax + this.pendingCalls) this.#forgetAnswered();
  }

  #forgetAnswered(): void {
    const pending = new Set(this.pendingRequests());
    this.#asked = new Map([...this.#asked].filter(([requestId]) => pending.has(requestId)));
  }
}
