/** Writes down how a transaction ended. */
import type { RunResult } from './locking-run.ts';
import type { OperationRecord } from './operation-record.ts';

/** False: it failed, or nobody knows. */
export function settle(record: OperationRecord, result: RunResult): boolean {
  if (result.kind === 'ok') record.ok(result.mops, result.incarnationOf, result.timestamp);
  else if (result.kind === 'unknown') record.info();
  else record.fail();
  return result.kind === 'ok';
}
