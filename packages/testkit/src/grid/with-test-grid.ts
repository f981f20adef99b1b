/**
 * A test body under one seed or many, each with a grid of its own. When one fails, the error says which and how to run
 * it again; the environment variable `TROUPE_SEED` does that without a change of the test.
 */
import { mustBe, mustBeInteger } from '@troupe/core';
import { createTestGrid, type TestGrid, type TestGridOptions } from './test-grid.ts';

export interface SeededGridOptions extends Omit<TestGridOptions, 'seed'> {
  /** How many seeds, from 0 on, or which. Default `[0]`. */
  readonly seeds?: number | readonly number[];
}

/** The test failed under a seed. What it failed with is in `cause`. */
export class SeedError extends Error {
  override readonly name = 'SeedError';
  readonly seed: number;

  constructor(seed: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `failed with seed ${seed}: ${reason}\nTo run that seed only: set the environment variable TROUPE_SEED=${seed}, or pass seeds: [${seed}].`,
      { cause },
    );
    this.seed = seed;
  }
}

/**
 * Runs `body` once for each seed, one after the other, with a new grid that is closed behind it. Rejects with a
 * SeedError when it throws, or leaves something behind in its grid; the first counts, when it does both.
 *
 * @example
 * await withTestGrid({ definitions: [accounts], seeds: 200 }, async (grid, seed) => { … });
 */
export async function withTestGrid(
  options: SeededGridOptions,
  body: (grid: TestGrid, seed: number) => Promise<void> | void,
): Promise<void> {
  const { seeds = [0], ...others } = options;
  for (const seed of seedsOf(seeds)) {
    try {
      await runOnce({ ...others, seed }, body);
    } catch (error) {
      throw new SeedError(seed, error);
    }
  }
}

async function runOnce(
  options: TestGridOptions,
  body: (grid: TestGrid, seed: number) => Promise<void> | void,
): Promise<void> {
  const grid = await createTestGrid(options);
  try {
    await body(grid, grid.seed);
  } catch (error) {
    // What a body that failed has left behind says nothing.
    await grid.close({ timeoutMs: 1 });
    throw error;
  }
  await grid[Symbol.asyncDispose]();
}

function seedsOf(seeds: number | readonly number[]): readonly number[] {
  const wanted = process.env['TROUPE_SEED'];
  if (wanted !== undefined && wanted !== '') {
    return [mustBeInteger(Number(wanted), 'TROUPE_SEED', 0, Number.MAX_SAFE_INTEGER)];
  }
  if (Array.isArray(seeds)) return seeds as readonly number[];
  mustBe(typeof seeds === 'number', 'seeds', 'a number, or an array of them', seeds);
  return Array.from({ length: mustBeInteger(seeds, 'seeds', 1, Number.MAX_SAFE_INTEGER) }, (_, seed) => seed);
}
