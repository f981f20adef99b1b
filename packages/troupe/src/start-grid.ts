/** Starting a grid. */
import type { ComputeSettings } from '@troupe/compute';
import { type CoreOptions, startCore, transactionsPerMemberMax } from '@troupe/core';
import { statusMemoryBytes } from '@troupe/transactions';
import { type Grid, makeGrid } from './grid.ts';
import {
  type ActorSettings,
  type ExperimentalSettings,
  type MetricsSettings,
  memberSettings,
  type TracingMode,
} from './settings.ts';
import { wireMember } from './wire-member.ts';
import { wireStorage } from './wire-storage.ts';

/** How a grid is started. Only `modules` is needed. */
export interface GridOptions extends CoreOptions {
  /** Bounds of jobs on each host, and of the pool for jobs at `'any'`. */
  readonly compute?: ComputeSettings;
  /** When actors are passivated. Default: never. */
  readonly actors?: ActorSettings;
  /** What threads count of themselves; see `grid.metrics()`. */
  readonly metrics?: MetricsSettings;
  /**
   * `true`: calls become spans of OpenTelemetry, on the thread that makes them and on the one that runs them; needs the
   * package `@opentelemetry/api`, and a provider that one of the modules registers on each thread. `'propagate'`: the
   * trace context follows calls, and no spans are made. Default false.
   */
  readonly tracing?: TracingMode;
  /**
   * For measurements; may change or go with any release.
   * @experimental
   */
  readonly experimental?: ExperimentalSettings;
  /**
   * Milliseconds for which the answer of a call with an `idempotencyKey` is kept, in memory, at each partition it
   * touched. Default 600,000 (ten minutes).
   */
  readonly idempotencyRetentionMs?: number;
}

/** How a grid is put together, whatever its options. */
export const gridWiring = {
  wire: wireMember,
  hostEntry: entryOf('host-entry'),
  hostExport: 'runTroupeHost',
  storage: { entry: entryOf('storage-entry'), wire: wireStorage },
  memberMemoryBytes: statusMemoryBytes(transactionsPerMemberMax),
  /** The options that core doesn't know. */
  otherOptionNames: ['actors', 'compute', 'idempotencyRetentionMs', 'experimental', 'metrics', 'tracing'],
};

/**
 * Starts a grid: imports the modules on every thread, starts the hosts in parallel, and resolves when they serve.
 * Throws INVALID_ARGUMENT, MODULE_LOAD_FAILED, DEFINITION_CONFLICT or TIMEOUT; then no thread is left behind.
 *
 * @example
 * await using grid = await startGrid({ modules: [new URL('./store.js', import.meta.url)] });
 * await grid.table(accounts).set('alice', { balance: 100 });
 */
export async function startGrid(options: GridOptions): Promise<Grid> {
  return makeGrid(await startCore(options, { ...gridWiring, settings: memberSettings(options ?? {}) }));
}

function entryOf(name: string): URL {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}
