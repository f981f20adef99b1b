/**
 * The body of a `map` request on a host: the user's function for each of the partitions in order, one after the other,
 * and what `combine` makes of their parts. Lets the event loop go round when it has taken its slice, and stops between
 * partitions when nobody waits any more.
 *
 * When the caller wants that (`keepGoing`), a partition whose map throws is reported and the others go on. A `combine`
 * that throws fails the request in any case: it may have spoilt the parts before it.
 */
import {
  copyToHandOver,
  copyValue,
  errorToWire,
  isPromiseLike,
  type Member,
  type OwnedPartitions,
  type PartitionId,
} from '@troupe/core';
import { onBoard, type WalkGround } from './generator-walk.ts';
import type { HostedJob } from './hosted-job.ts';
import { type JobContext, mustOwn } from './job-context.ts';
import { reportProgress } from './job-report.ts';
import type { AnyMapReduce } from './map-reduce.ts';
import type { MapAnswer } from './messages.ts';

export interface MapGround extends WalkGround {
  readonly member: Member;
  readonly owned: OwnedPartitions;
  readonly contextOf: (job: HostedJob, partition: PartitionId) => JobContext;
}

export async function runMap(
  job: HostedJob,
  definition: AnyMapReduce,
  ground: MapGround,
): Promise<MapAnswer> {
  const parts = new Parts(definition);
  const failures: [PartitionId, unknown[]][] = [];
  const slice = ground.slices.begin();
  let done = 0;
  for (const partition of job.place as readonly PartitionId[]) {
    if (slice.isSpent) await slice.rest();
    job.throwIfCancelled();
    let part: unknown;
    try {
      const mapped = mapOne(job, definition, ground, partition);
      part = parts.kept(isPromiseLike(mapped) ? await mapped : mapped);
    } catch (error) {
      if (!job.keepsGoing || job.cancelled) throw error;
      failures.push([partition, errorToWire(error)]);
      continue;
    }
    const added = onBoard(job, ground.board, () => parts.add(part));
    if (isPromiseLike(added)) await added;
    reportProgress(ground.member, job, ++done);
  }
  return [parts.sent(), failures];
}

function mapOne(
  job: HostedJob,
  definition: AnyMapReduce,
  { owned, board, contextOf }: MapGround,
  partition: PartitionId,
): unknown {
  mustOwn(owned, partition);
  const args = copyValue(job.args, 'value');
  return onBoard(job, board, () => definition.map(contextOf(job, partition), args as never));
}

/** What was mapped: combined into one, or as it is. */
class Parts {
  readonly #all: unknown[] = [];
  readonly #combine: AnyMapReduce['combine'];
  readonly #name: string;

  constructor({ name, combine }: AnyMapReduce) {
    this.#combine = combine;
    this.#name = `the map result of '${name}'`;
  }

  /** The part as it is kept: what isn't combined is copied at once, so that one that can't be sent fails alone. */
  kept(part: unknown): unknown {
    return this.#combine === undefined ? copyToHandOver(part, this.#name) : part;
  }

  add(part: unknown): PromiseLike<void> | undefined {
    if (this.#combine === undefined || this.#all.length === 0) {
      this.#all.push(part);
      return undefined;
    }
    const combined = this.#combine(this.#all[0] as never, part as never);
    if (isPromiseLike(combined)) return combined.then((value) => this.#replace(value));
    this.#replace(combined);
    return undefined;
  }

  sent(): unknown[] {
    if (this.#combine === undefined) return this.#all;
    return this.#all.map((part) => copyToHandOver(part, this.#name));
  }

  #replace(combined: unknown): void {
    this.#all[0] = combined;
  }
}
