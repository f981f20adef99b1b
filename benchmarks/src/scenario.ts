/** What can be measured: scenarios, each with the subjects that do the same work, one of which is the reference. */
import type { ServerName } from './servers/server.ts';
import type { Target } from './statistics.ts';

/** The size of a run, equal for all subjects of a scenario. */
export interface Params {
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Entries of the table that is read and written. */
  readonly keyCount: number;
  /** Operations under way at once, where a scenario is pipelined. */
  readonly inFlight: number;
  /** Host threads of a grid. The peers have one worker thread each. */
  readonly hosts: number;
  /** Partitions of a grid. */
  readonly partitions: number;
  /** Entries that are written or aggregated at once. */
  readonly loadEntries: number;
  /** Accounts that all want, where a scenario is about conflicts. */
  readonly hotKeys: number;
  /** Callers that want them, each with one transaction at a time. */
  readonly clients: number;
  /** Bytes that go there and back, where a scenario is about sizes. */
  readonly payloadBytes: number;
  /** How uneven keys are drawn: 0 uniformly, else by Zipf's law with this exponent. */
  readonly exponent: number;
  /** Percent of all keys that are hot, where a scenario has a hotspot; 0: none. */
  readonly hotPercent: number;
  /** Messages that one run of an actor program exchanges, about. */
  readonly messages: number;
}

/** What one subject did in one round. */
export interface Sample {
  /** The figure in the unit of the scenario. */
  readonly value: number;
  /** Latency, where operations were timed one by one. */
  readonly latencyUs?: { readonly p50: number; readonly p99: number };
  /** Further figures, name with unit → value. */
  readonly extra?: Readonly<Record<string, number>>;
}

/** One more subject that a subject is compared with, besides the reference of the scenario. */
export interface Comparison {
  readonly versus: string;
  readonly target?: Target;
}

export interface Subject {
  readonly name: string;
  /** The npm package that is measured; none for what comes with Node. */
  readonly library?: string;
  /** The goal for its ratio to the reference; without a reference, for its value. */
  readonly target?: Target;
  /** The goal for its value, in a scenario with a reference. */
  readonly valueTarget?: Target;
  readonly comparisons?: readonly Comparison[];
  /** What it can't do without: a server, or a module that only some Node versions have. Without it, it is skipped. */
  readonly needs?: ServerName | 'node:sqlite';
  /** Where it lies on the curve of a scenario that has one. */
  readonly point?: Point;
  /** Left out unless everything is asked for: takes minutes, or gigabytes. */
  readonly isHuge?: boolean;
  /** Left out of the quick set; measured when everything or its scenario is asked for. */
  readonly isFurther?: boolean;
  /** Runs in a process of its own. Throws when any result was wrong. Imports what it measures itself. */
  measure(params: Params): Promise<Sample>;
}

/** A subject as a point of a curve. */
export interface Point {
  /** The curve. */
  readonly series: string;
  readonly x: number;
}

export interface Scenario {
  /** `group/name`, or one word. */
  readonly name: string;
  readonly title: string;
  /** What is done and what is checked, for whoever reads the report. */
  readonly about: string;
  /** What keeps Troupe from the goals it misses here, as profiles show; for whoever reads the report. */
  readonly bound?: string;
  readonly unit: Unit;
  /** The params that mean something here. */
  readonly params: readonly (keyof Params)[];
  /** Where it differs from the size of the run. */
  readonly fixed?: Partial<Params>;
  /** Where it differs in a smoke run. */
  readonly smoke?: Partial<Params>;
  /** The same code as another scenario, with other numbers: a smoke run looks at the reference and at one of ours. */
  readonly isVariant?: boolean;
  /** Part of the quick set. */
  readonly isQuick?: boolean;
  /** What x is, in a scenario of curves. */
  readonly xLabel?: string;
  /** The subject the others are compared with. */
  readonly reference?: string;
  readonly subjects: readonly Subject[];
}

export type Unit =
  | 'operations/s'
  | 'messages/s'
  | 'transactions/s'
  | 'entries/s'
  | 'µs p50'
  | 'ms'
  | 'of the mean'
  | 'bytes per key'
  | 'bytes per actor'
  | 'MB'
  | 'messages';

/** Is more of it better? */
export function isMoreBetter(unit: Unit): boolean {
  return unit.endsWith('/s') || unit === 'of the mean';
}

/** The size of a scenario within a run. */
export function paramsOf({ fixed, smoke }: Scenario, size: Params, isSmoke: boolean): Params {
  return { ...size, ...fixed, ...(isSmoke ? { ...smokeLimits(fixed), ...smoke } : {}) };
}

/** What a scenario fixes stays small in a smoke run. */
function smokeLimits(fixed: Partial<Params> = {}): Partial<Params> {
  const { inFlight = 0, keyCount = 0, loadEntries = 0 } = fixed;
  return {
    ...(inFlight > 50 ? { inFlight: 50 } : {}),
    ...(keyCount > 2_000 ? { keyCount: 2_000 } : {}),
    ...(loadEntries > 20_000 ? { loadEntries: 20_000 } : {}),
  };
}

/** For runs whose figures mean nothing. */
export function withoutTargets(scenario: Scenario): Scenario {
  return { ...scenario, subjects: scenario.subjects.map(withoutTarget) };
}

function withoutTarget(subject: Subject): Subject {
  const { target: _, valueTarget: __, comparisons, ...bare } = subject;
  return comparisons === undefined
    ? bare
    : { ...bare, comparisons: comparisons.map(({ versus }) => ({ versus })) };
}
