/** What a caller is told whose job has blocked its thread until that was killed. */
import { type HostLostError, JobBlockedError, type Verdict } from '@troupe/core';
import type { ExecutionId } from './execution.ts';

export function blockedError(
  execution: ExecutionId,
  verdict: Verdict,
  blockedMs: number,
  loss: HostLostError,
): JobBlockedError {
  const { host, incarnation } = loss.details;
  const who =
    verdict === 'certain'
      ? 'this job kept'
      : 'for the second time, this job was one of several of which one kept';
  return new JobBlockedError(
    `${who} the thread of host ${String(host)} from everything else for ${blockedMs} ms, and the thread was killed for it; give way in long loops: yield in a generator, iterate with ctx.local(table).sliced(), or look at ctx.cancelled`,
    {
      details: { host, incarnation, execution, blockedMs, certain: verdict === 'certain' },
      cause: loss,
    },
  );
}
