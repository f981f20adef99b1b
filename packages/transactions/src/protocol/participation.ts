/**
 * The parts that partitions have in one transaction, as its coordinator keeps them: a list in the order in which they
 * were touched, mostly of one or two. A part is fixed to the incarnation that the partition had when it was first touched.
 * Pure.
 */
import type { PartitionId, Timestamp } from '@troupe/core';
import type { Touched } from './decision.ts';

export class Participation implements Touched {
  readonly partition: PartitionId;
  readonly incarnation: number;
  /** Its vote, or undefined while it has none to give or hasn't given it. */
  vote: Timestamp | undefined = undefined;
  mustVote = false;
  /** It has been sent something, so it may hold something. */
  told = false;

  constructor(partition: PartitionId, incarnation: number) {
    this.partition = partition;
    this.incarnation = incarnation;
  }
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
  const participant = new Participation(partition, incarnations.incarnationOf(partition));
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
