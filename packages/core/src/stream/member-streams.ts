/**
 * The streams of one member, of whichever layer: those it reads, by the number it has drawn for each, and those it
 * produces, by the request that asked for each. What a request means is its layer's; here its items find their way.
 *
 * Nothing is sent before the first item is asked for. Who leaves, or aborts, stops the producers; so does the failure of
 * one of them. A stream is never begun again: what it has delivered can't be taken back.
 */
import { addCallSite } from '../errors/call-site.ts';
import { HostLostError, InvariantError } from '../errors/errors.ts';
import type { Message } from '../link/outbox.ts';
import { boundedWait } from '../mesh/bounded-wait.ts';
import { linkedAbort } from '../mesh/linked-abort.ts';
import type { Member, MessageFamily } from '../mesh/member.ts';
import { Family } from '../mesh/opcode.ts';
import type { Peer } from '../mesh/peer.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import { StreamOp } from './messages.ts';
import { StreamOutflow } from './stream-outflow.ts';
import { StreamReader } from './stream-reader.ts';

/** Names a stream at its reader; a draw. */
export type StreamId = number;

/** What the requests of a stream are begun with. */
export interface StreamStart {
  readonly reader: StreamReader;
  /** Aborted when nobody reads any more. */
  readonly signal: AbortSignal;
}

export class MemberStreams implements MessageFamily {
  readonly #member: Member;
  readonly #readers = new Map<StreamId, StreamReader>();
  readonly #outflows = new Map<Peer, Map<number, StreamOutflow>>();

  constructor(member: Member) {
    this.#member = member;
  }

  /** Streams that this member reads or produces now. */
  get open(): number {
    let count = this.#readers.size;
    for (const outflows of this.#outflows.values()) count += outflows.size;
    return count;
  }

  /**
   * Reads a stream. `begin` sends its requests, at the first item, and tells the reader of each end. `timeoutMs` bounds
   * the wait for each item.
   */
  async *read(
    id: StreamId,
    options: CallOptions | undefined,
    begin: (start: StreamStart) => void,
  ): AsyncGenerator<unknown, void, undefined> {
    const reader = new StreamReader();
    const linked = linkedAbort(options?.signal);
    this.#readers.set(id, reader);
    try {
      linked.signal.throwIfAborted();
      begin({ reader, signal: linked.signal });
      const bounds = { timeoutMs: options?.timeoutMs, signal: linked.signal };
      for (;;) {
        linked.signal.throwIfAborted();
        const taken = reader.take();
        if (taken === 'end') return;
        if (taken === 'wait')
          await boundedWait(this.#member.clock, reader.change(), bounds, 'the stream was left');
        else yield taken.item;
      }
    } catch (error) {
      addCallSite(error);
      throw error;
    } finally {
      this.#readers.delete(id);
      linked.release();
      linked.abort(new DOMException('the stream was left', 'AbortError'));
    }
  }

  /** What a request of `to` for the stream `id` produces goes in here; call `close` at its end. */
  produce(to: Peer, requestId: number, id: StreamId): StreamOutflow {
    const outflow = new StreamOutflow((items, bytes) => {
      this.#member.sendProtocol(to, [StreamOp.items, id, requestId, items], bytes);
    });
    const outflows = this.#outflows.get(to) ?? new Map<number, StreamOutflow>();
    this.#outflows.set(to, outflows.set(requestId, outflow));
    return outflow;
  }

  /** The request has been answered. */
  close(to: Peer, requestId: number): void {
    const outflows = this.#outflows.get(to);
    outflows?.delete(requestId);
    if (outflows?.size === 0) this.#outflows.delete(to);
  }

  receive(message: Message, from: Peer): void {
    switch (message[0]) {
      case StreamOp.items:
        this.#readers.get(message[1] as StreamId)?.add(from.id, message[3] as unknown[], () => {
          this.#member.sendProtocol(from, [StreamOp.consumed, message[2], 1]);
        });
        break;
      case StreamOp.consumed:
        this.#outflows
          .get(from)
          ?.get(message[1] as number)
          ?.consumed(message[2] as number);
        break;
      default:
        throw new InvariantError(`an unknown stream message arrived: ${String(message[0])}`);
    }
  }

  peerLost(peer: Peer): void {
    const outflows = this.#outflows.get(peer);
    this.#outflows.delete(peer);
    for (const outflow of outflows?.values() ?? []) outflow.stop();
  }
}

const byMember = new WeakMap<Member, MemberStreams>();

/** The streams of a member, whichever layer asks first. */
export function streamsOf(member: Member): MemberStreams {
  let streams = byMember.get(member);
  if (streams === undefined) {
    streams = new MemberStreams(member);
    byMember.set(member, streams);
    member.register(Family.stream, streams);
  }
  return streams;
}

/** The thread of a producer is gone: says how far the stream had come. */
export function lostStream(error: HostLostError, delivered: number): HostLostError {
  return new HostLostError(
    `${error.message}; a stream is not run again, for what it has delivered can't be taken back`,
    { details: { ...error.details, delivered }, cause: error.cause },
  );
}
