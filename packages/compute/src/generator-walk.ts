/**
 * Jobs whose `run` is a generator, sync or async, step by step. Each yield is a place where the thread may serve others
 * (when the job has had its slice), and where a canceled job ends: its `finally` blocks run, what it yields is not
 * asked for any more.
 */
import type { AnyGenerator, WorkBoard } from '@troupe/core';
import { isPromiseLike } from '@troupe/core';
import { boardNumberOf } from './board-number.ts';
import type { HostedJob } from './hosted-job.ts';
import type { TimeSlices } from './time-slices.ts';

type Step = IteratorResult<unknown, unknown>;

export interface WalkGround {
  readonly slices: TimeSlices;
  readonly board: WorkBoard | undefined;
}

/**
 * Walks to the end and answers what the generator returns. `taken` gets what it yields; a promise it answers is waited
 * for. Throws an AbortError at the next yield after the job was canceled.
 */
export async function walk(
  job: HostedJob,
  generator: AnyGenerator,
  { slices, board }: WalkGround,
  taken: (item: unknown) => PromiseLike<void> | undefined,
): Promise<unknown> {
  const slice = slices.begin();
  let isDone = false;
  try {
    for (;;) {
      const begun = onBoard(job, board, () => generator.next());
      const step: Step = isPromiseLike(begun) ? await begun : begun;
      if (step.done === true) {
        isDone = true;
        return step.value;
      }
      // Before the item is taken: nobody wants it.
      job.throwIfCancelled();
      const wait = taken(step.value);
      if (wait !== undefined) await wait;
      if (slice.isSpent) await slice.rest();
      job.throwIfCancelled();
    }
  } finally {
    if (!isDone) await onBoard(job, board, () => generator.return(undefined));
  }
}

/** Runs a piece of a job that others may find its thread in. */
export function onBoard<T>(job: HostedJob, board: WorkBoard | undefined, run: () => T): T {
  if (board === undefined) return run();
  const outer = board.enter(job.execution, boardNumberOf(job));
  try {
    return run();
  } finally {
    board.leave(outer);
  }
}
