/**
 * The body of a job on a host: the user's function with a context of this member; for a map-reduce the function for
 * each of the partitions in order, one after the other, and what `combine` makes of their parts.
 *
 * A map over many partitions and a generator let the event loop go round when they have taken their slice, and stop
 * between partitions, or at a yield, when nobody waits for them any more.
 */
import {
  copyToHandOver,
  copyValue,
  type Definitions,
  type Member,
  type OwnedPartitions,
  type PartitionId,
} from '@troupe/core';
import { type AnyGenerator, isGenerator, onBoard, type WalkGround, walk } from './generator-walk.ts';
import type { HostedJob } from './hosted-job.ts';
import type { AnyJob } from './job.ts';
import { type MakeContext, mustOwn } from './job-context.ts';
import type { QueuePorts } from './job-queue.ts';
import { reportProgress } from './job-report.ts';
import type { JobBody } from './job-runner.ts';
import { jobSliceMs } from './limits.ts';
import type { AnyMapReduce } from './map-reduce.ts';
import { ComputeOp, noPartition } from './messages.ts';
import { isPromiseLike } from './promise-like.ts';
import { runStream } from './stream-body.ts';
import { TimeSlices } from './time-slices.ts';

export interface LocalBodyParts {
  readonly member: Member;
  readonly definitions: Definitions;
  readonly owned: OwnedPartitions;
  readonly ports: QueuePorts;
  /** Asked for once, at the first job. */
  readonly contexts: () => MakeContext;
}

export class LocalBody implements JobBody {
  readonly #parts: LocalBodyParts;
  readonly #ground: WalkGround;
  #makeContext: MakeContext | undefined;

  constructor(parts: LocalBodyParts) {
    this.#parts = parts;
    const slices = new TimeSlices(parts.ports, jobSliceMs);
    this.#ground = { slices, board: parts.member.self.calls?.board };
  }

  run(job: HostedJob): unknown {
    if (job.op === ComputeOp.map) return this.#map(job);
    if (job.op === ComputeOp.stream) return this.#stream(job);
    const result = this.#begin(job, job.place as PartitionId, job.args);
    return isGenerator(result) ? this.#walk(job, result) : result;
  }

  answer(job: HostedJob, result: unknown): unknown {
    const { definitions } = this.#parts;
    if (job.op === ComputeOp.stream) return result;
    if (job.op !== ComputeOp.map) {
      return copyToHandOver(result, `the result of job '${definitions.mustGet('job', job.definition).name}'`);
    }
    const name = `the map result of '${definitions.mustGet('mapReduce', job.definition).name}'`;
    // One by one, so that the error names the part and not its place in the list.
    return (result as readonly unknown[]).map((part) => copyToHandOver(part, name));
  }

  #begin(job: HostedJob, partition: PartitionId, args: unknown): unknown {
    const { definitions, owned } = this.#parts;
    const definition = definitions.mustGet('job', job.definition) as AnyJob;
    if (partition === noPartition) return definition.run(this.#contextOf(job, undefined), args as never);
    mustOwn(owned, partition);
    return definition.run(this.#contextOf(job, partition), args as never);
  }

  /** What a generator yields outside a stream is its progress. */
  #walk(job: HostedJob, generator: AnyGenerator): Promise<unknown> {
    return walk(job, generator, this.#ground, (item) => {
      reportProgress(this.#parts.member, job, item);
      return undefined;
    });
  }

  #stream(job: HostedJob): Promise<number> {
    const { name } = this.#parts.definitions.mustGet('job', job.definition);
    const { member, ports } = this.#parts;
    const ground = { ...this.#ground, member, ports };
    return runStream(job, name, ground, (partition, args) => this.#begin(job, partition, args));
  }

  async #map(job: HostedJob): Promise<unknown[]> {
    const definition = this.#parts.definitions.mustGet('mapReduce', job.definition) as AnyMapReduce;
    const parts = new Parts(definition);
    const slice = this.#ground.slices.begin();
    for (const partition of job.place as readonly PartitionId[]) {
      if (slice.isSpent) await slice.rest();
      job.throwIfCancelled();
      mustOwn(this.#parts.owned, partition);
      const args = copyValue(job.args, 'value');
      const part = onBoard(job, this.#ground.board, () =>
        definition.map(this.#contextOf(job, partition), args as never),
      );
      const added = parts.add(isPromiseLike(part) ? await part : part);
      if (isPromiseLike(added)) await added;
    }
    return parts.all;
  }

  #contextOf(job: HostedJob, partition: PartitionId | undefined): ReturnType<MakeContext> {
    this.#makeContext ??= this.#parts.contexts();
    return this.#makeContext(job, partition);
  }
}

/** What was mapped: combined into one, or as it is. */
class Parts {
  readonly all: unknown[] = [];
  readonly #combine: AnyMapReduce['combine'];

  constructor({ combine }: AnyMapReduce) {
    this.#combine = combine;
  }

  add(part: unknown): PromiseLike<void> | undefined {
    if (this.#combine === undefined || this.all.length === 0) {
      this.all.push(part);
      return undefined;
    }
    const combined = this.#combine(this.all[0] as never, part as never);
    if (isPromiseLike(combined)) return combined.then((value) => this.#replace(value));
    this.#replace(combined);
    return undefined;
  }

  #replace(combined: unknown): void {
    this.all[0] = combined;
  }
}
