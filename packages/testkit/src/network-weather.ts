/**
 * What the simulated network does to its messages, as numbers.
 *
 * Each seed draws its own weather ("swarm testing"): every disturbance is absent in a part of the runs,
 * because a run in which everything happens at once hides what a single disturbance would show. Delays
 * are drawn per message, between a run of nearly instant links and one of links slower than the timers
 * of the code under test.
 */

import type { SeededRandom } from './seeded-random.ts';

/** The shape of the delays: always the mean; evenly from 0 to twice the mean; mostly short, few long. */
export type DelaySpread = 'fixed' | 'even' | 'long-tailed';

/** The disturbances of one run. A chance of 0 switches a disturbance off. */
export interface NetworkWeather {
  readonly delayMeanMs: number;
  readonly delaySpread: DelaySpread;
  /** Chance, per delivery, that the receiver then stands still (a garbage collection, a busy core). */
  readonly pauseChance: number;
  readonly pauseMeanMs: number;
  /** Chance, per message, that its link then delivers nothing for a while. */
  readonly clogChance: number;
  readonly clogMeanMs: number;
  /** Chance that a dying member takes some of its undelivered messages with it. */
  readonly lossAtDeathChance: number;
}

/** Links that take one millisecond and do nothing else. */
export const calmWeather: NetworkWeather = {
  delayMeanMs: 1,
  delaySpread: 'fixed',
  pauseChance: 0,
  pauseMeanMs: 0,
  clogChance: 0,
  clogMeanMs: 0,
  lossAtDeathChance: 0,
};

/** Draws the weather of one run. */
export function drawNetworkWeather(random: SeededRandom): NetworkWeather {
  const delayMeanMs = logEven(random, 0.05, 20);
  return {
    delayMeanMs,
    delaySpread: random.pick(['fixed', 'even', 'long-tailed']),
    pauseChance: sometimes(random, 0.0005, 0.01),
    pauseMeanMs: delayMeanMs * logEven(random, 10, 1000),
    clogChance: sometimes(random, 0.001, 0.05),
    clogMeanMs: delayMeanMs * logEven(random, 5, 200),
    lossAtDeathChance: random.pick([0, 0.5, 1]),
  };
}

/** One drawn duration around a mean, rounded to microseconds. */
export function drawDurationMs(random: SeededRandom, meanMs: number, spread: DelaySpread): number {
  const drawn = random.next();
  if (spread === 'fixed') return roundToMicroseconds(meanMs);
  if (spread === 'even') return roundToMicroseconds(drawn * 2 * meanMs);
  return roundToMicroseconds(-Math.log(1 - drawn) * meanMs);
}

function sometimes(random: SeededRandom, low: number, high: number): number {
  const value = logEven(random, low, high);
  return random.chance(0.5) ? value : 0;
}

function logEven(random: SeededRandom, low: number, high: number): number {
  return low * (high / low) ** random.next();
}

function roundToMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
