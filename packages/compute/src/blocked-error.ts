/** What a caller is told whose job has blocked its thread until that was killed. */
import { type HostLostError, JobBlockedError, type Member, type Verdict, type WorkBoard } from '@troupe/core';
import type { ExecutionId } from './execution.ts';

const culprits: Readonly<Record<Verdict, string>> = {
  certain: 'this job kept',
  alone: 'most likely this job, the only one under way there, kept',
  suspected: 'for the second time, this job was one of several of which one kept',
};

/** The verdict on an execution whose thread has died, as the memory of that thread has it. */
export function verdictOn(
  member: Member,
  execution: ExecutionId,
  { details }: HostLostError,
): Verdict | undefined {
  return boardOf(member, details)?.verdictOn(execution);
}

export function blockedError(
  member: Member,
  execution: ExecutionId,
  verdict: Verdict,
  loss: HostLostError,
): JobBlockedError {
  const { host, incarnation } = loss.details;
  const blockedMs = boardOf(member, loss.details)?.blockedMs ?? 0;
  return new JobBlockedError(
    `${culprits[verdict]} the thread of host ${String(host)} from everything else for ${blockedMs} ms, and the thread was killed for it; give way in long loops: yield in a generator, iterate with ctx.local(table).sliced(), or look at ctx.cancelled`,
    {
      details: { host, incarnation, execution, blockedMs, certain: verdict === 'certain' },
      cause: loss,
    },
  );
}

function boardOf(member: Member, { host, incarnation }: HostLostError['details']): WorkBoard | undefined {
  return member.lastPeer((host as number) + 1, incarnation)?.calls?.board;
}
