/**
 * A whole grid on the thread that starts it, in a world that somebody else decides: time, order, deaths. It is what
 * `createTestGrid` of `@troupe/testkit` stands on; services use `startGrid`.
 */
import { type CoreGrid, type Definition, type InlineWorld, startCore } from '@troupe/core';
import { type Grid, makeGrid } from './grid.ts';
import { memberSettings } from './settings.ts';
import { type GridOptions, gridWiring } from './start-grid.ts';
import type { WiredMember } from './wire-member.ts';

/** The options of a grid that make sense without threads. */
export type InlineGridOptions = Omit<GridOptions, 'threads' | 'worker' | 'resourceLimits' | 'startTimeoutMs'>;

export interface InlineGrid {
  readonly grid: Grid;
  readonly core: CoreGrid<WiredMember>;
}

/**
 * Starts a grid in `world`. `standIns` replaces the code of definitions; whoever names the original means its stand-in.
 * Jobs at `'any'` run on this thread, too. Throws as `startGrid` does.
 */
export async function startInlineGrid(
  options: InlineGridOptions,
  world: InlineWorld,
  standIns: ReadonlyMap<Definition, Definition> = new Map(),
): Promise<InlineGrid> {
  const core = await startCore(
    { ...options, threads: 0 },
    {
      ...gridWiring,
      settings: memberSettings({ ...options, threads: 0, isPoolInline: true }),
      world,
      standIns,
    },
  );
  return { grid: makeGrid(core), core };
}
