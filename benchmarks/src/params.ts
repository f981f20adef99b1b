/** How large a run is. */
import type { Params } from './scenario.ts';

export const fullParams: Params = {
  seconds: 2,
  warmUpSeconds: 1,
  keyCount: 100_000,
  inFlight: 1_000,
  hosts: 2,
  loadEntries: 1_000_000,
  hotKeys: 16,
  clients: 64,
};

/** Shows that everything works, in seconds. */
export const smokeParams: Params = {
  ...fullParams,
  warmUpSeconds: 0.05,
  keyCount: 2_000,
  inFlight: 50,
  loadEntries: 20_000,
};
