/** What happened in a simulated run, as numbers: a run in which nothing happens proves nothing. */
import type { AbortCause } from '@troupe/transactions';

export interface Counters {
  commits: number;
  readonly aborts: Record<AbortCause, number>;
  deaths: number;
  snapshots: number;
  snapshotsTooOld: number;
  plain: number;
  scans: number;
  /** Most attempts that one operation needed. */
  attemptsMax: number;
  steps: number;
}

export function zeroCounters(): Counters {
  return {
    commits: 0,
    aborts: {
      wounded: 0,
      'participant-lost': 0,
      'line-full': 0,
      busy: 0,
      killed: 0,
      timeout: 0,
      user: 0,
    },
    deaths: 0,
    snapshots: 0,
    snapshotsTooOld: 0,
    plain: 0,
    scans: 0,
    attemptsMax: 0,
    steps: 0,
  };
}
