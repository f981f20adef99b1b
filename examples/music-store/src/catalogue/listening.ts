// How often customers have played the tracks they buy, which no catalogue tells: made up from the seed.
import { SeededRandom } from '../seeded-random.ts';
import type { Catalogue } from './catalogue.ts';

export interface Listening {
  readonly customerId: number;
  readonly trackId: number;
  readonly plays: number;
}

const skippedShare = 0.3;
const playsMax = 20;

/** One row per customer and track, for most of the tracks that a customer buys. */
export function* listeningHistory(catalogue: Catalogue, seed: number): Generator<Listening> {
  const random = new SeededRandom(seed, 'listening');
  const told = new Set<string>();
  for (const { customerId, items } of catalogue.purchases) {
    for (const { trackId } of items) {
      const pair = `${customerId}/${trackId}`;
      if (random.chance(skippedShare) || told.has(pair)) continue;
      told.add(pair);
      yield { customerId, trackId, plays: random.integer(1, playsMax) };
    }
  }
}
