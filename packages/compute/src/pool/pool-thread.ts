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
import { type AnyGenerator, isGenerator } from '../generator-walk.ts';
import type { AnyJob } from '../job.ts';
import type { JobContext } from '../job-context.ts';
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

async function runJob(job: AnyJob, task: PoolTask): Promise<unknown> {
  const [args] = codec.decode(task.args)[0] ?? [];
  const run = (): unknown => {
    const result = job.run(poolContext(task) as JobContext<never>, args as never);
    return isGenerator(result) ? walkToEnd(result) : result;
  };
  const context = contextOfMessage(task.context);
  return context === undefined ? run() : runInContext(context, run);
}

/** Nobody else is served on this thread, and nobody hears what it yields. */
async function walkToEnd(generator: AnyGenerator): Promise<unknown> {
  for (;;) {
    const step = await generator.next();
    if (step.done === true) return step.value;
  }
}
