/** How keys are drawn: uniformly, by Zipf's law, or most of them from a small hot set. */
import type { Params } from '../scenario.ts';
import { zipf } from './zipf.ts';

/** Of all draws, where a scenario has a hotspot. */
export const hotShare = 0.75;

type Draw = () => number;

/** Draws indexes from 0 to `count - 1` as the params say. */
export function drawsOf(
  count: number,
  { exponent, hotPercent }: Pick<Params, 'exponent' | 'hotPercent'>,
  random: () => number = Math.random,
): Draw {
  if (exponent > 0) return zipf(count, exponent, random);
  const uniform = (upTo: number): number => Math.floor(random() * upTo);
  if (hotPercent === 0) return () => uniform(count);
  const hotCount = Math.max(1, Math.floor((count * hotPercent) / 100));
  return () => uniform(random() < hotShare ? hotCount : count);
}

/** So many different indexes. */
export function drawDistinct(draw: Draw, count: number): number[] {
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(draw());
  return [...drawn];
}
