/** What a thread of the pool runs. It imports the user's modules once, at its first task. */
import { copyValue, errorToWire, FrameCodec } from '@troupe/core';
import { workerData } from 'piscina';
import type { AnyJob } from '../job.ts';
import { poolContext } from './pool-context.ts';
import { loadPoolJobs, type PoolJobs } from './pool-jobs.ts';
import type { PoolAnswer, PoolTask, PoolThreadData } from './pool-task.ts';

const codec = new FrameCodec();
let jobs: Promise<PoolJobs> | undefined;

/** Runs one job. Never rejects: the answer carries the error. */
export async function runPoolTask(task: PoolTask): Promise<PoolAnswer> {
  try {
    jobs ??= loadPoolJobs((workerData as PoolThreadData).modules);
    const result = await runJob((await jobs).mustFind(task.job), task);
    return codec.encode([[true, copyValue(result, `the result of job '${task.job}'`)]]);
  } catch (error) {
    return codec.encode([[false, errorToWire(error)]]);
  }
}

function runJob(job: AnyJob, task: PoolTask): unknown {
  const [args] = codec.decode(task.args)[0] ?? [];
  return job.run(poolContext(task), args as never);
}
