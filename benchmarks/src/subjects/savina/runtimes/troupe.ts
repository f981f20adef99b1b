/** Troupe: actors of a grid, all on the thread of the service or spread over the hosts. */
import { type Grid, startGrid } from 'troupe';
import type { Params } from '../../../scenario.ts';
import type { Role, Runtime } from '../program.ts';
import { ending, endingKey, locator, TroupeWorld } from './troupe-actors.ts';

const runTimeoutMs = 120_000;
/** Among so many keys there are two on different threads. */
const keysLookedAt = 64;

export function startTroupeOnOneThread(_: readonly Role[], { partitions }: Params): Promise<Runtime> {
  return startTroupe(0, partitions);
}

export function startTroupeSpread(_: readonly Role[], { hosts, partitions }: Params): Promise<Runtime> {
  return startTroupe(hosts, partitions);
}

async function startTroupe(threads: number, partitions: number): Promise<Runtime> {
  return new TroupeRuntime(
    await startGrid({ modules: [new URL('./troupe-actors.js', import.meta.url)], threads, partitions }),
  );
}

class TroupeRuntime extends TroupeWorld implements Runtime {
  readonly #grid: Grid;

  constructor(grid: Grid) {
    super(grid);
    this.#grid = grid;
  }

  result(): Promise<number> {
    const result = this.#grid.actor(ending, endingKey, { timeoutMs: runTimeoutMs }).result();
    // A run that fails before it waits for the result has its own error to report.
    result.catch(() => undefined);
    return result;
  }

  async apart(): Promise<readonly [number, number]> {
    const threadOf = (key: number) => this.#grid.actor(locator, key).thread();
    const first = await threadOf(0);
    for (let key = 1; key < keysLookedAt; key++) if ((await threadOf(key)) !== first) return [0, key];
    return [0, 1];
  }

  close(): Promise<void> {
    return this.#grid.close();
  }
}
