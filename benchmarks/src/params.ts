/** How large a run is. */
import type { Params } from './scenario.ts';

export const fullParams: Params = {
  seconds: 2,
  warmUpSeconds: 1,
  keyCount: 100_000,
  inFlight: 1_000,
  hosts: 2,
  partitions: 64,
  loadEntries: 1_000_000,
  hotKeys: 16,
  clients: 64,
  payloadBytes: 0,
  exponent: 0,
  hotPercent: 0,
  messages: 400_000,
};

/** The figures of the quick set are as true, with a wider spread. */
export const quickParams: Params = { ...fullParams, warmUpSeconds: 0.8, messages: 100_000 };

/** Shows that everything works, in seconds. Most of a smoke run is the start of threads. */
export const smokeParams: Params = {
  ...fullParams,
  hosts: 1,
  warmUpSeconds: 0.02,
  keyCount: 2_000,
  inFlight: 50,
  loadEntries: 20_000,
  messages: 2_000,
};
