/**
 * What a checker answers: the anomalies it found, each with a name, a sentence and the operations that
 * prove it. The names are those of Adya's thesis and of Elle (Kingsbury, Alvaro), so they can be looked
 * up. `-process` or `-realtime` behind a name says that the proof needs the order of one process, or the
 * fact that one operation had ended before another began.
 *
 * A broken store breaks the same rule thousands of times, so each type is reported a few times only.
 */

import type { ClearMop, RecordedOperation } from '../history.ts';

/** A cycle of dependencies, from the weakest broken isolation level to the strongest. */
export type CycleType = 'G0' | 'G1c' | 'G-single' | 'G-nonadjacent' | 'G2-item';

/** The names of what may be wrong with a history. */
export type AnomalyType =
  | 'internal'
  | 'future-read'
  | 'garbage'
  | 'G1a'
  | 'G1b'
  | 'duplicates'
  | 'dirty-update'
  | 'lost-update'
  | 'incompatible-order'
  | 'cyclic-versions'
  | CycleType
  | `${CycleType}-process`
  | `${CycleType}-realtime`;

/** One thing that is wrong, with its proof. */
export interface Anomaly<Mop> {
  readonly type: AnomalyType;
  readonly message: string;
  readonly operations: readonly RecordedOperation<Mop>[];
}

/** The verdict on a history. */
export interface HistoryVerdict<Mop> {
  readonly ok: boolean;
  readonly anomalies: readonly Anomaly<Mop>[];
}

/** A history that no checker can judge, because the test that recorded it is wrong. */
export class MalformedHistoryError extends Error {
  override readonly name = 'MalformedHistoryError';
}

/** Any micro-operation, as far as a report shows it. */
export type ReportedMop =
  | readonly [name: string, key: string, value: number | readonly number[] | null | undefined]
  | ClearMop;

const PER_TYPE_MAX = 10;
/** How many operations and reasons a message shows; a proof holds them all. */
export const SHOWN_MAX = 12;

/** Collects anomalies over one list of operations. */
export class AnomalyReport<Mop extends ReportedMop> {
  readonly #operations: readonly RecordedOperation<Mop>[];
  readonly #anomalies: Anomaly<Mop>[] = [];
  readonly #countByType = new Map<AnomalyType, number>();

  constructor(operations: readonly RecordedOperation<Mop>[]) {
    this.#operations = operations;
  }

  /** Adds one anomaly; `proof` are positions in the list of operations. */
  add(type: AnomalyType, sentence: string, proof: readonly number[]): void {
    const count = (this.#countByType.get(type) ?? 0) + 1;
    this.#countByType.set(type, count);
    if (count > PER_TYPE_MAX) return;
    const vertices = [...new Set(proof)];
    const lines = vertices.slice(0, SHOWN_MAX).map((vertex) => `  ${this.#describe(vertex)}`);
    if (vertices.length > SHOWN_MAX) lines.push(`  … and ${vertices.length - SHOWN_MAX} more operations`);
    this.#anomalies.push({
      type,
      message: [`${type}: ${sentence}`, ...lines].join('\n'),
      operations: vertices.flatMap((vertex) => this.#operations[vertex] ?? []),
    });
  }

  get verdict(): HistoryVerdict<Mop> {
    return { ok: this.#anomalies.length === 0, anomalies: this.#anomalies };
  }

  #describe(vertex: number): string {
    const operation = this.#operations[vertex];
    if (operation === undefined) return `#${vertex}`;
    const mops = operation.mops.map(describeMop).join(', ');
    return `#${vertex} ${operation.process} ${operation.type}: ${mops}`;
  }
}

function describeMop(mop: ReportedMop): string {
  const [name, key, value] = mop;
  if (value === undefined) return `${name} ${key} ?`;
  return `${name} ${key} ${typeof value === 'object' && value !== null ? describeList(value) : value}`;
}

/** A list with its middle left out when it is long. */
export function describeList(list: readonly number[]): string {
  if (list.length <= 12) return `[${list.join(' ')}]`;
  return `[${list.slice(0, 4).join(' ')} … ${list.slice(-6).join(' ')}] (${list.length} elements)`;
}
