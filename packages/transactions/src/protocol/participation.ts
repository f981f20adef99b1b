/**
 * The parts that partitions have in one transaction, as its coordinator keeps them: a list in the order in which they
 * were touched, mostly of one or two. A part is fixed to the incarnation that the partition had when it was first touched.
 * Pure.
 */
import type { PartitionId, Timestamp } from '@troupe/core';
import type { Touched } from './decision.ts';

export interface Participation extends Touched {
  /** Its vote, or undefined while it has none to give or hasn't given it. */
  vote: Timestamp | undefined;
  mustVote: boolean;
  /** It has been sent something, so it may hold something. */
  told: boolean;
}

/** Where the present incarnations are known. */
interface Incarnations {
  incarnationOf(partition: PartitionId): number;
}

/** The part of a partition, new when this is the first touch. */
export function participationOf(
  partition: PartitionId,
  participants: Participation[],
  incarnations: Incarnations,
): Participation {
  for (const known of participants) if (known.partition === partition) return known;
  const incarnation = incarnations.incarnationOf(partition);
  const participant: Participation = {
    partition,
    incarnation,
    vote: undefined,
    mustVote: false,
    told: false,
  };
  participants.push(participant);
  return participant;
}

export function latestVoteOf(participants: readonly Participation[]): Timestamp {
  let latest = 0;
  for (const { vote } of participants) if (vote !== undefined && vote > latest) latest = vote;
  return latest;
}

/** The first partition that has died since it was touched. */
export function lostOf(
  participants: readonly Participation[],
  incarnations: Incarnations,
): PartitionId | undefined {
  return participants.find((p) => incarnations.incarnationOf(p.partition) !== p.incarnation)?.partition;
}
