/** What can be measured: scenarios, each with the subjects that do the same work, one of which is the reference. */
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
  /** Entries the scenario `load` writes. */
  readonly loadEntries: number;
  /** Accounts that all want, where a scenario is about conflicts. */
  readonly hotKeys: number;
  /** Callers that want them, each with one transaction at a time. */
  readonly clients: number;
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

export interface Subject {
  readonly name: string;
  /** The npm package that is measured; none for what comes with Node. */
  readonly library?: string;
  /** The goal for its ratio to the reference; without a reference, for its value. */
  readonly target?: Target;
  /** Runs in a process of its own. Throws when any result was wrong. Imports what it measures itself. */
  measure(params: Params): Promise<Sample>;
}

export interface Scenario {
  /** `group/name`, or one word. */
  readonly name: string;
  readonly title: string;
  readonly unit: 'operations/s' | 'entries/s' | 'µs p50' | 'of the mean' | 'bytes per key';
  /** The params that mean something here. */
  readonly params: readonly (keyof Params)[];
  /** The subject the others are compared with. */
  readonly reference?: string;
  readonly subjects: readonly Subject[];
}

/** For runs whose figures mean nothing. */
export function withoutTargets(scenario: Scenario): Scenario {
  return { ...scenario, subjects: scenario.subjects.map(withoutTarget) };
}

function withoutTarget(subject: Subject): Subject {
  const bare: Subject & { target?: Target } = { ...subject };
  delete bare.target;
  return bare;
}
