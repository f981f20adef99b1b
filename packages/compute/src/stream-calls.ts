/**
 * The caller's end of `compute.stream`: one request for each host that has a share, and the items of all of them as they
 * come. Nothing is sent before the first item is asked for. Who leaves, or aborts, stops the producers; so does the
 * failure of one of them. A stream is never run again: what it has delivered can't be taken back.
 */
import {
  type CallOptions,
  contextBytes,
  copyValue,
  currentContext,
  HostLostError,
  lostStream,
  type Member,
  type MemberId,
  type StreamStart,
  streamsOf,
} from '@troupe/core';
import { blockedError, verdictOn } from './blocked-error.ts';
import type { ExecutionId } from './execution.ts';
import { ComputeOp, type JobPlace } from './messages.ts';
import { fixedBytes, type PreparedCall, termsOf } from './outgoing-call.ts';
import { type PlacedTarget, sharesOf } from './target.ts';

export interface StreamOptions extends CallOptions {
  readonly priority?: number | undefined;
}

/** One host's share of a stream. */
export interface StreamShare {
  readonly owner: MemberId;
  readonly place: JobPlace;
}

/** Shares of several partitions, or of one target. */
export function streamShares(targets: readonly PlacedTarget[]): StreamShare[] {
  return sharesOf(targets).map(({ owner, partitions }) => ({
    owner,
    place: partitions.length === 1 ? (partitions[0] as number) : partitions,
  }));
}

/** The streams of one member that are being read. */
export class StreamCalls {
  readonly #member: Member;

  constructor(member: Member) {
    this.#member = member;
  }

  read(
    prepared: PreparedCall,
    shares: readonly StreamShare[],
    options: StreamOptions,
  ): AsyncGenerator<unknown, void, undefined> {
    const id = this.#member.shared.draw();
    return streamsOf(this.#member).read(id, options, (start) => {
      const requests = shares.map((share) => this.#request(id, prepared, share, shares.length > 1, options));
      for (const request of requests) this.#begin(request, start);
    });
  }

  #request(
    id: ExecutionId,
    prepared: PreparedCall,
    { owner, place }: StreamShare,
    argsShared: boolean,
    { priority = 0 }: StreamOptions,
  ): StreamRequest {
    const isShared = owner === this.#member.self.id && argsShared;
    const args = isShared ? copyValue(prepared.args, 'value') : prepared.args;
    const message: unknown[] = [ComputeOp.stream, 0, prepared.definition, id, 1, 0, args, place];
    const context = currentContext();
    const terms = termsOf(priority, context);
    if (terms !== undefined) message.push(terms);
    return { owner, message, bytes: prepared.bytes + fixedBytes + contextBytes(context) };
  }

  #begin({ owner, message, bytes }: StreamRequest, { reader, signal }: StreamStart): void {
    // The wait for each item is bounded, not the stream.
    const bounds = { timeoutMs: Number.POSITIVE_INFINITY, signal };
    reader.expect(owner);
    this.#member.request(owner, message, bytes, bounds).then(
      (batches) => reader.sourceEnded(owner, batches as number),
      (error: unknown) => reader.fail(this.#failure(error, message[3] as ExecutionId, reader.delivered)),
    );
  }

  #failure(error: unknown, id: ExecutionId, delivered: number): unknown {
    if (!(error instanceof HostLostError)) return error;
    const verdict = verdictOn(this.#member, id, error);
    if (verdict === undefined || verdict === 'suspected') return lostStream(error, delivered);
    return blockedError(this.#member, id, verdict, error);
  }
}

interface StreamRequest {
  readonly owner: MemberId;
  readonly message: unknown[];
  readonly bytes: number;
}
