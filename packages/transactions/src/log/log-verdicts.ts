/** What the verdicts of the log mean to the protocol. */
import type { Verdict } from '../protocol/decision.ts';
import { LogVerdict } from './log-messages.ts';

export const verdicts: Record<LogVerdict, Verdict> = {
  [LogVerdict.committed]: 'committed',
  [LogVerdict.fenced]: 'lost',
  [LogVerdict.prevented]: 'aborted',
  [LogVerdict.full]: 'storage-full',
  [LogVerdict.unknown]: 'storage-unknown',
  [LogVerdict.closed]: 'storage-closed',
};
