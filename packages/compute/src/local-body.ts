/**
 * The body of a job on a host: the user's function with a context of this member; for a map-reduce the function for
 * each of the partitions in order, one after the other, and what `combine` makes of their parts.
 *
 * A map over many partitions lets the event loop go round when it has taken its slice, and stops between partitions
 * when nobody waits for it any more.
 */
import {
  copyToHandOver,
  copyValue,
  type Definitions,
  type OwnedPartitions,
  type PartitionId,
} from '@troupe/core';
import type { HostedJob } from './hosted-job.ts';
import type { AnyJob } from './job.ts';
import { type MakeContext, mustOwn } from './job-context.ts';
import type { QueuePorts } from './job-queue.ts';
import type { JobBody } from './job-runner.ts';
import { jobSliceMs } from './limits.ts';
import type { AnyMapReduce } from './map-reduce.ts';
import { ComputeOp, noPartition } from './messages.ts';
import { isPromiseLike } from './promise-like.ts';

export interface LocalBodyParts {
  readonly definitions: Definitions;
  readonly owned: OwnedPartitions;
  readonly ports: QueuePorts;
  /** Asked for once, at the first job. */
  readonly contexts: () => MakeContext;
}

export class LocalBody implements JobBody {
  readonly #parts: LocalBodyParts;
  #makeContext: MakeContext | undefined;

  constructor(parts: LocalBodyParts) {
    this.#parts = parts;
  }

  run(job: HostedJob): unknown {
    if (job.op === ComputeOp.map) return this.#map(job);
    const { definitions, owned } = this.#parts;
    const definition = definitions.mustGet('job', job.definition) as AnyJob;
    const partition = job.place as PartitionId;
    if (partition === noPartition) return definition.run(this.#contextOf(job, undefined), job.args as never);
    mustOwn(owned, partition);
    return definition.run(this.#contextOf(job, partition), job.args as never);
  }

  answer(job: HostedJob, result: unknown): unknown {
    const { definitions } = this.#parts;
    if (job.op !== ComputeOp.map) {
      return copyToHandOver(result, `the result of job '${definitions.mustGet('job', job.definition).name}'`);
    }
    const name = `the map result of '${definitions.mustGet('mapReduce', job.definition).name}'`;
    // One by one, so that the error names the part and not its place in the list.
    return (result as readonly unknown[]).map((part) => copyToHandOver(part, name));
  }

  async #map(job: HostedJob): Promise<unknown[]> {
    const definition = this.#parts.definitions.mustGet('mapReduce', job.definition) as AnyMapReduce;
    const parts = new Parts(definition);
    const slice = new Slice(this.#parts.ports);
    for (const partition of job.place as readonly PartitionId[]) {
      if (slice.isSpent) await slice.rest();
      job.throwIfCancelled();
      mustOwn(this.#parts.owned, partition);
      const args = copyValue(job.args, 'value');
      const part = definition.map(this.#contextOf(job, partition), args as never);
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

/** Time that a long job takes on end. */
class Slice {
  readonly #ports: QueuePorts;
  #startedMs: number;

  constructor(ports: QueuePorts) {
    this.#ports = ports;
    this.#startedMs = ports.now();
  }

  get isSpent(): boolean {
    return this.#ports.now() - this.#startedMs >= jobSliceMs;
  }

  async rest(): Promise<void> {
    await new Promise<void>((resolve) => this.#ports.later(resolve));
    this.#startedMs = this.#ports.now();
  }
}
