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
  procedures: number;
  /** Nested transactions that were undone. */
  savepoints: number;
  clears: number;
  /** Ordinary turns of actors. */
  turns: number;
  /** Calls whose idempotency key had been used before, and those of them that were answered with what is stored. */
  repeats: number;
  storedAnswers: number;
  crashes: number;
  /** Committing transactions whose submitter was dead. */
  prevents: number;
  /** Commits that the log refused. */
  refusals: number;
  /** Records that the storage had no room for, and storages that failed. */
  full: number;
  failures: number;
  /** Records that a crash took away. */
  recordsLost: number;
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
      already: 0,
      'storage-full': 0,
      'storage-unknown': 0,
      'storage-closed': 0,
    },
    deaths: 0,
    snapshots: 0,
    snapshotsTooOld: 0,
    plain: 0,
    scans: 0,
    procedures: 0,
    savepoints: 0,
    clears: 0,
    turns: 0,
    repeats: 0,
    storedAnswers: 0,
    crashes: 0,
    prevents: 0,
    refusals: 0,
    full: 0,
    failures: 0,
    recordsLost: 0,
    attemptsMax: 0,
    steps: 0,
  };
}
