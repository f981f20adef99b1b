/**
 * Where the clock of a process begins when an earlier process has left data behind. Its high bits are a *start epoch*,
 * durable before anything is drawn and raised at each start. Just above the largest logged timestamp would not do:
 * reads and snapshots drew later ones, and ids, that no log has seen.
 */
import type { Timestamp } from '@troupe/core';

/** Draws of one epoch: three days at a million a second. A clock that runs on into the next one does no harm. */
const epochDraws = 2 ** 38;

/** The epoch to make durable before the clock starts; the first is 0. `lastLogged`: the largest timestamp in the log. */
export function nextStartEpoch(previous: number | undefined, lastLogged: Timestamp): number {
  return previous === undefined ? 0 : Math.max(previous, Math.floor(lastLogged / epochDraws)) + 1;
}

/** Never 0: a snapshot loaded before the first draw would be taken for "whatever is newest". */
export function clockStartOf(epoch: number): Timestamp {
  return epoch * epochDraws + 1;
}
