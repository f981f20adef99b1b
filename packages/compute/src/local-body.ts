/**
 * The body of a job on a host: the user's function with a context of this member. A generator lets the event loop go
 * round when it has taken its slice, and stops at a yield when nobody waits for it any more. Maps are in `map-body.ts`.
 */
import {
  type AnyGenerator,
  copyToHandOver,
  type Definitions,
  isGenerator,
  type Member,
  type OwnedPartitions,
  type PartitionId,
} from '@troupe/core';
import { type WalkGround, walk } from './generator-walk.ts';
import type { HostedJob } from './hosted-job.ts';
import type { AnyJob } from './job.ts';
import { type MakeContext, mustOwn } from './job-context.ts';
import type { QueuePorts } from './job-queue.ts';
import { reportProgress } from './job-report.ts';
import type { JobBody } from './job-runner.ts';
import { jobSliceMs } from './limits.ts';
import { type MapGround, runMap } from './map-body.ts';
import type { AnyMapReduce } from './map-reduce.ts';
import { ComputeOp, type MapAnswer, noPartition } from './messages.ts';
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

  nameOf({ op, definition }: HostedJob): string {
    return this.#parts.definitions.mustGet(op === ComputeOp.map ? 'mapReduce' : 'job', definition).name;
  }

  answer(job: HostedJob, result: unknown): unknown {
    const { definitions } = this.#parts;
    if (job.op === ComputeOp.stream || job.op === ComputeOp.map) return result;
    return copyToHandOver(result, `the result of job '${definitions.mustGet('job', job.definition).name}'`);
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

  #map(job: HostedJob): Promise<MapAnswer> {
    const { definitions, member, owned } = this.#parts;
    const definition = definitions.mustGet('mapReduce', job.definition) as AnyMapReduce;
    const contextOf: MapGround['contextOf'] = (of, partition) => this.#contextOf(of, partition);
    return runMap(job, definition, { ...this.#ground, member, owned, contextOf });
  }

  #contextOf(job: HostedJob, partition: PartitionId | undefined): ReturnType<MakeContext> {
    this.#makeContext ??= this.#parts.contexts();
    return this.#makeContext(job, partition);
  }
}
