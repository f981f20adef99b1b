/** The caller's end of jobs and broadcasts: arguments copied once, one request for each place, results put in order. */
import {
  type CallOptions,
  copiedBytes,
  copyValue,
  type Member,
  type TransactionRef,
  TroupeError,
  validated,
} from '@troupe/core';
import { labelOf } from './call-arguments.ts';
import type { Execution } from './execution.ts';
import type { AnyJob } from './job.ts';
import type { AnyMapReduce } from './map-reduce.ts';
import { ComputeOp, noPartition } from './messages.ts';
import {
  type AttemptOptions,
  type CallIdentity,
  type OutgoingCall,
  type PreparedCall,
  sendCall,
} from './outgoing-call.ts';
import type { PlacedTarget } from './target.ts';

/** The member whose thread has the pool. */
const poolOwner = 0;

export function prepareCall(number: number, definition: AnyJob | AnyMapReduce, args: unknown): PreparedCall {
  const { name } = definition;
  const what = `the arguments of ${labelOf(definition)}`;
  const schema = definition.kind === 'job' ? definition.args : undefined;
  const checked = schema === undefined ? args : validated(schema, args, () => what);
  return { name, definition: number, args: copyValue(checked, what), bytes: copiedBytes() };
}

/** Runs a job in one place, as part of a transaction. */
export function callJobIn(
  member: Member,
  prepared: PreparedCall,
  { owner, partition }: PlacedTarget,
  identity: CallIdentity,
  transaction: TransactionRef,
  bounds: CallOptions,
): Promise<unknown> {
  const call: OutgoingCall = {
    prepared,
    identity,
    op: ComputeOp.run,
    owner,
    place: partition,
    argsShared: false,
    transaction,
  };
  return sendCall(member, call, bounds);
}

/** Runs a job in one place. */
export function callJob(
  member: Member,
  prepared: PreparedCall,
  target: PlacedTarget | 'any',
  identity: CallIdentity,
  options: AttemptOptions,
  argsShared = false,
): Promise<unknown> {
  const call: OutgoingCall =
    target === 'any'
      ? { prepared, identity, op: ComputeOp.pool, owner: poolOwner, place: noPartition, argsShared: false }
      : {
          prepared,
          identity,
          op: ComputeOp.run,
          owner: target.owner,
          place: target.partition,
          argsShared,
        };
  return sendCall(member, call, options);
}

/**
 * The results of a broadcast, in the order of its places. All runs go on to their end; then the failure of the first
 * place that failed, if any, is thrown. One of Troupe's errors says in `details` where that was.
 */
export async function resultsOf(
  executions: readonly Execution<unknown>[],
  targets: readonly PlacedTarget[],
): Promise<unknown[]> {
  const parts = await Promise.allSettled(executions.map(({ result }) => result));
  return parts.map((part, position) => {
    if (part.status === 'fulfilled') return part.value;
    throw placed(part.reason, targets[position]);
  });
}

function placed(error: unknown, target: PlacedTarget | undefined): unknown {
  if (!(error instanceof TroupeError) || target === undefined) return error;
  const place =
    target.partition === noPartition ? { host: target.owner - 1 } : { partition: target.partition };
  const details = Object.freeze({ ...place, ...error.details });
  Object.defineProperty(error, 'details', {
    value: details,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return error;
}
