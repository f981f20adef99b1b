/** How a job's progress gets to its caller. */
import { copyValue, type Member } from '@troupe/core';
import type { HostedJob } from './hosted-job.ts';
import { ComputeOp } from './messages.ts';
import { ProgressReports } from './progress-reports.ts';

/** Means nothing when nobody follows the job, or it has ended. Throws VALUE_NOT_SUPPORTED. */
export function reportProgress(member: Member, job: HostedJob, report: unknown): void {
  if (!job.watched || job.ended) return;
  const copy = copyValue(report, 'the progress of a job');
  job.reports ??= new ProgressReports((newest) => {
    member.sendProtocol(job.from, [ComputeOp.report, job.execution, job.requestId, newest]);
  });
  job.reports.add(copy);
}
