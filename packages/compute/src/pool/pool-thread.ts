/** What a thread of the pool runs. It imports the user's modules once, at its first task. */
import {
  contextOfMessage,
  copyToHandOver,
  errorToWire,
  FrameCodec,
  memoryOf,
  type Packed,
  runInContext,
} from '@troupe/core';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { loadPoolJobs, type PoolJobs } from './pool-jobs.ts';
import type { PoolAnswer, PoolTask, PoolThreadData } from './pool-task.ts';
import { runPoolJob } from './run-pool-job.ts';

const codec = new FrameCodec();
let jobs: Promise<PoolJobs> | undefined;

/** Runs one job. Never rejects: the answer carries the error. */
export async function runPoolTask(task: PoolTask): Promise<PoolAnswer> {
  try {
    jobs ??= loadPoolJobs((workerData as PoolThreadData).modules);
    const job = (await jobs).mustFind(task.job);
    const [args] = codec.decode(task.args)[0] ?? [];
    const context = contextOfMessage(task.context);
    const run = (): Promise<unknown> => runPoolJob(job, task, args);
    const result = await (context === undefined ? run() : runInContext(context, run));
    return moved(codec.encode([[true, copyToHandOver(result, `the result of job '${task.job}'`)]]));
  } catch (error) {
    return moved(codec.encode([[false, errorToWire(error)]]));
  }
}

/** The answer, whose memory goes with it instead of being copied. */
function moved(answer: Packed): PoolAnswer {
  // What arrives is the value of `valueSymbol`, which the type of `move` doesn't say.
  return move({ [transferableSymbol]: memoryOf(answer), [valueSymbol]: answer } as never) as PoolAnswer;
}
