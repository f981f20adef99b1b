/**
 * A stream at the host that produces it: the job's generator, or that of each of several partitions one after the
 * other, is asked for items while the window has room. What it has yielded leaves when a batch is full, else at the
 * end of the turn, so items don't wait for others.
 */
import {
  copyValue,
  InvalidArgumentError,
  intakeOf,
  isGenerator,
  type Member,
  type PartitionId,
  streamsOf,
} from '@troupe/core';
import { type WalkGround, walk } from './generator-walk.ts';
import type { HostedJob } from './hosted-job.ts';
import type { QueuePorts } from './job-queue.ts';

export interface StreamGround extends WalkGround {
  readonly member: Member;
  readonly ports: QueuePorts;
}

/** Answers how many batches were sent. `begin` calls the job's `run` for a partition. */
export async function runStream(
  job: HostedJob,
  name: string,
  ground: StreamGround,
  begin: (partition: PartitionId, args: unknown) => unknown,
): Promise<number> {
  const { member, ports } = ground;
  const streams = streamsOf(member);
  const outflow = streams.produce(job.from, job.requestId, job.execution);
  job.outflow = outflow;
  const taken = intakeOf(outflow, (run) => ports.later(run), `an item of job '${name}'`);
  const partitions = typeof job.place === 'number' ? [job.place] : job.place;
  try {
    for (const partition of partitions) {
      job.throwIfCancelled();
      const args = partitions.length > 1 ? copyValue(job.args, 'value') : job.args;
      const generator = begin(partition, args);
      if (!isGenerator(generator)) throw notAGenerator(name);
      await walk(job, generator, ground, taken);
    }
  } finally {
    // Also before an error: what was yielded comes first.
    outflow.flush();
    streams.close(job.from, job.requestId);
  }
  return outflow.batches;
}

function notAGenerator(name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `compute.stream takes a job whose \`run\` is a generator, and that of '${name}' is none; use compute.run`,
    { details: { argument: 'job', name } },
  );
}
