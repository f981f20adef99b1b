/**
 * The maps of one host, with the attempts that they take. When the host dies all of its share is run again; when
 * partitions fail, only those are tried again (`retries`). What fails for good is left out (`onFailedPart: 'skip'`) or
 * ends the whole map-reduce; so do deadlines, signals and cancellations in any case.
 */
import {
  errorFromWire,
  GridClosedError,
  JobBlockedError,
  type Member,
  type PartitionId,
  TimeoutError,
} from '@troupe/core';
import { cancelError } from './hosted-job.ts';
import type { AnyMapReduce, FailedPart } from './map-reduce.ts';
import type { ShareTally } from './map-tally.ts';
import { ComputeOp, type MapAnswer } from './messages.ts';
import {
  type Attempt,
  type AttemptOptions,
  type CallIdentity,
  type MapTerms,
  mayRetry,
  type PreparedCall,
  pauseAgain,
  pauseMsBefore,
  sendCall,
} from './outgoing-call.ts';
import type { PlacedTarget, Share } from './target.ts';

export interface MapReduceAttemptOptions extends AttemptOptions {
  readonly onFailedPart?: 'fail' | 'skip' | undefined;
}

/** A map-reduce at its caller. */
export interface MapReduceCall {
  readonly member: Member;
  readonly definition: AnyMapReduce;
  /** With the arguments of the call. */
  readonly prepared: PreparedCall;
  readonly targets: readonly PlacedTarget[];
  readonly identity: CallIdentity;
  readonly options: MapReduceAttemptOptions;
}

/** Parts of some partitions of one host: one for each, or one of them all. */
export interface MappedParts {
  readonly partitions: readonly PartitionId[];
  readonly parts: readonly unknown[];
}

export interface MappedShare {
  readonly mapped: readonly MappedParts[];
  readonly failed: readonly FailedPart[];
}

export interface ShareBounds {
  readonly signal: AbortSignal;
  /** As the caller has set it. */
  readonly timeoutMs: number | undefined;
  /** What is left of it. */
  readonly leftMs: () => number;
}

export class ShareRun {
  readonly #call: MapReduceCall;
  readonly #prepared: PreparedCall;
  readonly #share: Share;
  readonly #argsShared: boolean;
  readonly #tally: ShareTally | undefined;
  readonly #bounds: ShareBounds;
  readonly #terms: MapTerms;
  readonly #mapped: MappedParts[] = [];
  readonly #failed: FailedPart[] = [];

  constructor(
    call: MapReduceCall,
    prepared: PreparedCall,
    share: Share,
    argsShared: boolean,
    tally: ShareTally | undefined,
    bounds: ShareBounds,
  ) {
    const { retries = 0, onFailedPart } = call.options;
    this.#call = call;
    this.#prepared = prepared;
    this.#share = share;
    this.#argsShared = argsShared;
    this.#tally = tally;
    this.#bounds = bounds;
    this.#terms = { keepGoing: retries > 0 || onFailedPart === 'skip', attempts: 0 };
  }

  async run(): Promise<MappedShare> {
    let { partitions } = this.#share;
    for (let failures = 1; ; failures++) {
      const failed = await this.#attempt(partitions);
      const again = this.#toTryAgain(failed, failures);
      const pauseMs = pauseMsBefore(failures, this.#call.member.clock);
      const isLast = again.length === 0 || pauseMs >= this.#bounds.leftMs();
      this.#leaveOut(isLast ? failed : failed.filter((part) => !again.includes(part)));
      this.#tally?.answered(partitions.length - failed.length, 0);
      if (isLast) return { mapped: this.#mapped, failed: this.#failed };
      await this.#pause(pauseMs);
      partitions = again.map(({ partition }) => partition);
    }
  }

  /** Maps these partitions; answers those that failed. Throws what ends the whole map-reduce. */
  async #attempt(partitions: readonly PartitionId[]): Promise<FailedPart[]> {
    const { member, identity } = this.#call;
    try {
      const [parts, failures] = (await this.#send(partitions)) as MapAnswer;
      const failed = failures.map(([partition, error]) => ({
        partition,
        error: errorFromWire(error, member.errors),
      }));
      const lost = new Set(failed.map(({ partition }) => partition));
      this.#mapped.push({ partitions: partitions.filter((partition) => !lost.has(partition)), parts });
      return failed;
    } catch (error) {
      const isStopped = this.#bounds.signal.aborted || identity.follower?.isCanceling === true;
      if (isStopped || error instanceof TimeoutError || error instanceof GridClosedError) throw error;
      return partitions.map((partition) => ({ partition, error }));
    }
  }

  #send(partitions: readonly PartitionId[]): Promise<unknown> {
    const { member, identity, options } = this.#call;
    const { signal } = this.#bounds;
    const follower = this.#tally?.follower ?? identity.follower;
    const outgoing = {
      prepared: this.#prepared,
      identity: { execution: identity.execution, follower },
      op: ComputeOp.map,
      owner: this.#share.owner,
      place: partitions,
      argsShared: this.#argsShared,
      map: this.#terms,
    };
    const { priority } = options;
    return sendCall(member, outgoing, { timeoutMs: this.#timeoutMs(), signal, priority });
  }

  /** Left out where the default does: it costs no timer. */
  #timeoutMs(): number | undefined {
    const { timeoutMs, leftMs } = this.#bounds;
    const isFirst = this.#terms.attempts === 0 && this.#call.definition.split === undefined;
    return isFirst ? timeoutMs : Math.max(1, Math.ceil(leftMs()));
  }

  #toTryAgain(failed: readonly FailedPart[], failures: number): readonly FailedPart[] {
    const { options } = this.#call;
    if (failures > (options.retries ?? 0)) return [];
    // One that has blocked its thread until that was killed would do so again.
    return failed.filter(({ error }) => !(error instanceof JobBlockedError) && mayRetry(error, options));
  }

  #leaveOut(failed: readonly FailedPart[]): void {
    const [first] = failed;
    if (first === undefined) return;
    if (this.#call.options.onFailedPart !== 'skip') throw first.error;
    this.#failed.push(...failed);
    this.#tally?.answered(0, failed.length);
  }

  /** Stands among the attempts as one that isn't on its way, so that a cancellation ends it at once. */
  async #pause(pauseMs: number): Promise<void> {
    const { follower } = this.#call.identity;
    if (follower?.isCanceling === true) throw canceled();
    const next: Attempt = { owner: this.#share.owner, message: [ComputeOp.map, 0] };
    follower?.attempting(next);
    try {
      await pauseAgain(this.#call.member.clock, pauseMs, this.#bounds.signal);
    } finally {
      follower?.failed(next);
    }
    if (follower?.again() === false) throw canceled();
  }
}

function canceled(): DOMException {
  return cancelError('this map-reduce was canceled before its parts were tried again');
}
