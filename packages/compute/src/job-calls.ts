/** The caller's end of jobs and broadcasts: arguments copied once, one request for each place, results put in order. */
import { copiedBytes, copyValue, type Member, TroupeError } from '@troupe/core';
import type { ExecutionId } from './execution.ts';
import { ComputeOp, noPartition } from './messages.ts';
import { type AttemptOptions, sendCall } from './outgoing-call.ts';
import type { PlacedTarget } from './target.ts';

/** The member whose thread has the pool. */
const poolOwner = 0;

/** A call to be made: everything checked and copied. */
export interface PreparedCall {
  readonly definition: number;
  readonly args: unknown;
  readonly bytes: number;
}

/** Who the call belongs to. */
export interface CallIdentity {
  readonly execution: ExecutionId;
  readonly watched: boolean;
}

export function prepareCall(definition: number, name: string, args: unknown): PreparedCall {
  return { definition, args: copyValue(args, `the arguments of ${name}`), bytes: copiedBytes() };
}

/** Runs a job in one place. */
export function callJob(
  member: Member,
  call: PreparedCall,
  target: PlacedTarget | 'any',
  identity: CallIdentity,
  options: AttemptOptions,
): Promise<unknown> {
  const place =
    target === 'any'
      ? { op: ComputeOp.pool, owner: poolOwner, place: noPartition }
      : { op: ComputeOp.run, owner: target.owner, place: target.partition };
  return sendCall(member, { ...call, ...place, ...identity, argsShared: false }, options);
}

/**
 * Runs a job in every place and answers the results in their order. All parts run to their end; then the failure of
 * the first place that failed, if any, is thrown. One of Troupe's errors says in `details` where that was.
 */
export async function broadcastJob(
  member: Member,
  call: PreparedCall,
  targets: readonly PlacedTarget[],
  options: AttemptOptions,
): Promise<unknown[]> {
  const parts = await Promise.allSettled(
    targets.map(({ owner, partition }) => {
      const identity = { execution: member.shared.draw(), watched: false, argsShared: true };
      return sendCall(member, { ...call, ...identity, op: ComputeOp.run, owner, place: partition }, options);
    }),
  );
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
