/**
 * The owner's end of an ask to many actors: asks each of them from here, and answers when all have. Each gets arguments
 * of its own; the message carried them once.
 */
import { copyValue } from '../../codec/value.ts';
import { approximateBytes } from '../../codec/value-bytes.ts';
import { errorToWire } from '../../errors/error-codec.ts';
import { frameBytesMax } from '../../limits.ts';
import type { Message } from '../../link/outbox.ts';
import type { Member } from '../../mesh/member.ts';
import type { Peer } from '../../mesh/peer.ts';
import { ActorOp } from '../messages.ts';
import type { AskedCall } from '../turn/cycle-search.ts';

/** What became of one ask: [1, answer] or [0, the error as it travels]. */
export type FanOutcome = readonly [ok: 1, answer: unknown] | readonly [ok: 0, error: unknown];

interface Open {
  readonly controller: AbortController;
  readonly asks: AskedCall[];
}

export class FanOuts {
  readonly #member: Member;
  readonly #open = new Map<Peer, Map<number, Open>>();

  constructor(member: Member) {
    this.#member = member;
  }

  /** Handles an `askMany`. */
  accept(message: Message, from: Peer): void {
    const requestId = message[1] as number;
    const open: Open = { controller: new AbortController(), asks: [] };
    let byRequest = this.#open.get(from);
    if (byRequest === undefined) {
      byRequest = new Map<number, Open>();
      this.#open.set(from, byRequest);
    }
    byRequest.set(requestId, open);
    void Promise.all(this.#askAll(message, open)).then((outcomes) => {
      byRequest.delete(requestId);
      this.#member.replyOwned(from, requestId, outcomes);
    });
  }

  /** What this request waits for; undefined when it is none of these. */
  asksOf(from: Peer, requestId: number): readonly AskedCall[] | undefined {
    return this.#open.get(from)?.get(requestId)?.asks;
  }

  cancelled(requestId: number, from: Peer): void {
    this.#open.get(from)?.get(requestId)?.controller.abort();
  }

  peerLost(peer: Peer): void {
    for (const { controller } of this.#open.get(peer)?.values() ?? []) controller.abort();
    this.#open.delete(peer);
  }

  #askAll(message: Message, open: Open): Promise<FanOutcome>[] {
    const [, , , , actor, keys, method, args, path, context] = message as [
      0,
      0,
      0,
      0,
      number,
      unknown[],
      number,
      unknown[],
      unknown,
      unknown,
    ];
    const { self } = this.#member;
    // How long it may take is the caller's business.
    const bounds = { timeoutMs: Number.POSITIVE_INFINITY, signal: open.controller.signal };
    const bytes = approximateBytes(args, frameBytesMax);
    const outcomes: Promise<FanOutcome>[] = [];
    for (let i = 0; i < keys.length; i += 3) {
      const own = copyValue(args, 'arguments');
      const ask: Message = [ActorOp.ask, 0, keys[i], keys[i + 1], actor, keys[i + 2], method, own];
      if (path !== undefined || context !== undefined) ask.push(path);
      if (context !== undefined) ask.push(context);
      outcomes.push(outcomeOf(this.#member.request(self.id, ask, bytes, bounds)));
      open.asks.push({ caller: self.id, requestId: ask[1] as number, owner: self.id });
    }
    return outcomes;
  }
}

async function outcomeOf(answer: Promise<unknown>): Promise<FanOutcome> {
  try {
    return [1, await answer];
  } catch (error) {
    return [0, errorToWire(error)];
  }
}
