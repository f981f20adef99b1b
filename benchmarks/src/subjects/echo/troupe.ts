/** A grid that answers what it is sent: by a job on a host, and by actors. */
import { type Grid, type GridOptions, startGrid } from 'troupe';
import { measurePipelined } from '../../measuring/pipelined.ts';
import { measureSequential } from '../../measuring/sequential.ts';
import type { Params, Sample } from '../../scenario.ts';
import { echo, receiver } from './definitions.ts';
import { measureTells } from './one-way.ts';
import { echoesOf, type Payload } from './payload.ts';

/** So many that each host has some. */
const actors = 64;

export function measureJobEcho(params: Params): Promise<Sample> {
  const targets = Array.from({ length: params.hosts }, (_, host) => ({ at: { host } }) as const);
  return measureEcho(params, (grid, payload, n) => {
    const target = targets[n % targets.length];
    if (target === undefined) throw new Error('a job needs a host');
    return grid.compute.run(echo, payload, target);
  });
}

export function measureActorEcho(params: Params, options: GridOptions = {}): Promise<Sample> {
  return measureEcho(params, (grid, payload, n) => grid.actor(receiver, n % actors).echo(payload), options);
}

async function measureEcho(
  params: Params,
  ask: (grid: Grid, payload: Payload, n: number) => Promise<unknown>,
  options: GridOptions = {},
): Promise<Sample> {
  await using grid = await startEchoes(params, options);
  const operation = echoesOf(params.payloadBytes, (payload, n) => ask(grid, payload, n));
  return await (params.inFlight === 1 ? measureSequential : measurePipelined)(operation, params);
}

/** `reference`: made once for each burst, or for each message. */
export async function measureActorTells(
  params: Params,
  reference: 'of the burst' | 'of the message' = 'of the burst',
): Promise<Sample> {
  await using grid = await startEchoes(params);
  const told = (index: number): Promise<number> => grid.actor(receiver, index).told();
  return await measureTells(
    {
      teller(burst) {
        const index = burst % actors;
        if (reference === 'of the message') return () => void grid.tell(receiver, index).tell();
        const to = grid.tell(receiver, index);
        return () => void to.tell();
      },
      barrier: async (burst) => void (await told(burst % actors)),
      async total() {
        const counts = await Promise.all(Array.from({ length: actors }, (_, index) => told(index)));
        return counts.reduce((sum, count) => sum + count, 0);
      },
    },
    params,
  );
}

function startEchoes({ hosts, partitions }: Params, options: GridOptions = {}): Promise<Grid> {
  return startGrid({
    ...options,
    modules: [new URL('./definitions.js', import.meta.url)],
    threads: hosts,
    partitions,
  });
}
