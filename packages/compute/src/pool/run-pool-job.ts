/** Runs a job of the pool to its end, wherever that is. */
import { type AnyGenerator, isGenerator } from '@troupe/core';
import type { AnyJob } from '../job.ts';
import type { JobContext } from '../job-context.ts';
import { type PoolCall, poolContext } from './pool-context.ts';

export async function runPoolJob(job: AnyJob, call: PoolCall, args: unknown): Promise<unknown> {
  const result = job.run(poolContext(call) as JobContext<never>, args as never);
  return isGenerator(result) ? walkToEnd(result) : result;
}

/** Nobody else is served on this thread, and nobody hears what it yields. */
async function walkToEnd(generator: AnyGenerator): Promise<unknown> {
  for (;;) {
    const step = await generator.next();
    if (step.done === true) return step.value;
  }
}
