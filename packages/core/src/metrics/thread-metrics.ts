/** What a thread says of itself, as users see it. */
import type { Key } from '../key/key.ts';
import { ActorCounter, type RawActorMetrics } from './actor-meter.ts';
import { Histogram, type HistogramSummary } from './histogram.ts';

/** A key that actors were asked at often: at most `count`, at least `count - error` times. */
export interface HotKey {
  readonly actor: string;
  readonly key: Key;
  readonly count: number;
  readonly error: number;
}

/** One thread of the grid, since it began. Times in milliseconds. */
export interface ThreadMetrics {
  /** The number of the host; undefined: the thread of the service. */
  readonly host: number | undefined;
  readonly eventLoop: {
    /** The share of time in which it was not idle, from 0 to 1, since somebody last asked, or it was last published. */
    readonly utilization: number;
    readonly activeMs: number;
    readonly idleMs: number;
  };
  readonly actors: {
    /** In memory now. */
    readonly active: number;
    /** Messages that wait in mailboxes, or have their turn, now. */
    readonly open: number;
    readonly messages: number;
    readonly activated: number;
    readonly deactivated: number;
    /** Tells that never had their turn. */
    readonly tellsRefused: number;
    /** How long messages waited for their turn. Measured for the first 1,024 of a thread, then for one in 64. */
    readonly waitMs: HistogramSummary;
    /** How long turns took, of the same ones. */
    readonly turnMs: HistogramSummary;
    /** How many messages were in the mailbox before them. */
    readonly mailboxLength: HistogramSummary;
  };
  /** The keys that got most messages, at most 20, most first. Only with `metrics: { hotKeys: true }`, else empty. */
  readonly hotKeys: readonly HotKey[];
}

/** What travels between members. */
export interface RawThreadMetrics {
  readonly eventLoop: ThreadMetrics['eventLoop'];
  readonly open: number;
  readonly tellsRefused: number;
  readonly actors: RawActorMetrics;
}

export function threadMetricsOf(host: number | undefined, raw: RawThreadMetrics): ThreadMetrics {
  const { counts, waits, turns, ahead, hotKeys } = raw.actors;
  const count = (counter: number): number => counts[counter] ?? 0;
  const activated = count(ActorCounter.activated);
  const deactivated = count(ActorCounter.deactivated);
  return {
    host,
    eventLoop: raw.eventLoop,
    actors: {
      active: activated - deactivated,
      open: raw.open,
      messages: count(ActorCounter.messages),
      activated,
      deactivated,
      tellsRefused: raw.tellsRefused,
      waitMs: summaryOf(waits, 0.001),
      turnMs: summaryOf(turns, 0.001),
      mailboxLength: summaryOf(ahead, 1),
    },
    hotKeys,
  };
}

function summaryOf(cells: readonly number[], unit: number): HistogramSummary {
  const histogram = new Histogram(unit);
  histogram.add(cells);
  return histogram.summary();
}
