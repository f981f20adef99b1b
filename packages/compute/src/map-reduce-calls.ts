/**
 * The caller's end of a map-reduce: one request for each host that owns partitions, and the reduction of what comes
 * back. When a host dies only its part is run again. When a part fails the whole has failed: the others are told to
 * stop, and the error is thrown.
 */
import type { Member, MemberId, PartitionId } from '@troupe/core';
import { linkedAbort } from './linked-abort.ts';
import type { AnyMapReduce } from './map-reduce.ts';
import { ComputeOp } from './messages.ts';
import { type AttemptOptions, type CallIdentity, type PreparedCall, sendCall } from './outgoing-call.ts';
import type { PlacedTarget } from './target.ts';

export async function callMapReduce(
  member: Member,
  definition: AnyMapReduce,
  prepared: PreparedCall,
  targets: readonly PlacedTarget[],
  identity: CallIdentity,
  options: AttemptOptions,
): Promise<unknown> {
  const shares = sharesOf(targets);
  const linked = linkedAbort(options.signal);
  const bounds = { ...options, signal: linked.signal };
  const argsShared = shares.length > 1;
  try {
    const answers = await Promise.all(
      shares.map(({ owner, partitions }) =>
        sendCall(
          member,
          { prepared, identity, op: ComputeOp.map, owner, place: partitions, argsShared },
          bounds,
        ),
      ),
    );
    const parts = definition.combine === undefined ? byPartition(shares, answers) : answers.flat(1);
    return await definition.reduce(parts as never);
  } catch (error) {
    linked.abort(error);
    throw error;
  } finally {
    linked.release();
  }
}

/** The partitions of one host. */
export interface Share {
  readonly owner: MemberId;
  readonly partitions: PartitionId[];
}

/** In the order of hosts. */
export function sharesOf(targets: readonly PlacedTarget[]): Share[] {
  const shares = new Map<MemberId, Share>();
  for (const { owner, partition } of targets) {
    const share = shares.get(owner);
    if (share === undefined) shares.set(owner, { owner, partitions: [partition] });
    else share.partitions.push(partition);
  }
  return [...shares.values()].sort((a, b) => a.owner - b.owner);
}

function byPartition(shares: readonly Share[], answers: readonly unknown[]): unknown[] {
  const parts = shares.flatMap(({ partitions }, share) =>
    partitions.map((partition, position) => ({ partition, part: (answers[share] as unknown[])[position] })),
  );
  return parts.sort((a, b) => a.partition - b.partition).map(({ part }) => part);
}
