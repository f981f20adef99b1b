/**
 * The dependencies between transactions over registers. A register doesn't show its history, so the order
 * of versions is known in parts only: absence comes first; what a transaction found comes before what it
 * left; and, when asked for, what had ended comes before what began later (right for a store in which
 * each key is linearizable). From a version v known to come before v': ww between their writers, rw from
 * the readers of v to the writer of v'.
 */

import type { RegisterMop } from '../history.ts';
import type { AnomalyReport } from './anomaly-report.ts';
import { type DependencyGraph, edgeKind } from './dependency-graph.ts';
import { forEachRealtimePair } from './order-edges.ts';
import type { RegisterAccess, RegisterIndex, RegisterOperation, RegisterRecord } from './register-index.ts';
import { compact, cyclicComponents, findComponents } from './strongly-connected.ts';

/** What the order of versions may be inferred from. */
export type RegisterVersionOrder = 'transactions' | 'realtime';

/** Everything about a history that the edges need. */
export interface RegisterHistory {
  readonly operations: readonly RegisterOperation[];
  readonly index: RegisterIndex;
  readonly versionOrder: RegisterVersionOrder;
}

/** Adds the edges of all keys, and reports keys whose versions go round in a circle. */
export function addRegisterEdges(
  graph: DependencyGraph,
  history: RegisterHistory,
  report: AnomalyReport<RegisterMop>,
): void {
  for (const record of history.index.keys.values()) {
    addReadsFrom(graph, record, history.index);
    const successors = findSuccessors(record, history);
    const circle = findCircle(successors);
    if (circle === undefined) addVersionEdges(graph, record, successors, history.index);
    else {
      const writers = circle.flatMap((value) => record.writes.get(value)?.operation ?? []);
      report.add(
        'cyclic-versions',
        `the versions ${circle.join(', ')} of "${record.key}" follow each other`,
        writers,
      );
    }
  }
}

function addReadsFrom(graph: DependencyGraph, record: RegisterRecord, index: RegisterIndex): void {
  for (const { operation, found } of record.accesses) {
    const writer = typeof found === 'number' ? effectiveWriter(record, found, index) : undefined;
    if (writer !== undefined) graph.add(writer, operation, edgeKind.wr, record.key);
  }
}

function findSuccessors(record: RegisterRecord, history: RegisterHistory): Map<number, Set<number>> {
  const successors = new Map<number, Set<number>>();
  const order = (before: number | null | undefined, after: number | null | undefined): void => {
    if (typeof before !== 'number' || typeof after !== 'number' || before === after) return;
    // Values in the middle of a transaction are no versions; they are reported as G1b.
    if (record.writes.get(before)?.isFinal !== true || record.writes.get(after)?.isFinal !== true) return;
    const known = successors.get(before);
    if (known === undefined) successors.set(before, new Set([after]));
    else known.add(after);
  };
  for (const { found, left } of record.accesses) order(found, left);
  if (history.versionOrder === 'realtime') orderByTime(record, history, order);
  return successors;
}

function orderByTime(
  { accesses }: RegisterRecord,
  { operations }: RegisterHistory,
  order: (before: number | null | undefined, after: number | null | undefined) => void,
): void {
  const byOperation = new Map(accesses.map((access): [number, RegisterAccess] => [access.operation, access]));
  forEachRealtimePair(operations, [...byOperation.keys()], (from, to) => {
    const earlier = byOperation.get(from);
    const later = byOperation.get(to);
    order(earlier?.left ?? earlier?.found, later?.found === undefined ? later?.left : later.found);
  });
}

function findCircle(successors: ReadonlyMap<number, ReadonlySet<number>>): number[] | undefined {
  const values = new Set<number>();
  for (const [before, afters] of successors) {
    values.add(before);
    for (const after of afters) values.add(after);
  }
  const list = [...values];
  const numbers = new Map(list.map((value, number) => [value, number]));
  const numberOf = (value: number): number => numbers.get(value) as number;
  const arcs = [...successors].flatMap(([before, afters]) =>
    [...afters].map((after) => ({ from: numberOf(before), to: numberOf(after) })),
  );
  const circle = cyclicComponents(findComponents(compact(list.length, arcs)))[0];
  return circle?.map((number) => list[number] as number);
}

function addVersionEdges(
  graph: DependencyGraph,
  record: RegisterRecord,
  successors: ReadonlyMap<number, ReadonlySet<number>>,
  index: RegisterIndex,
): void {
  const readers = new Map<number | null, number[]>();
  for (const { operation, found } of record.accesses) {
    if (found === undefined) continue;
    const known = readers.get(found);
    if (known === undefined) readers.set(found, [operation]);
    else known.push(operation);
  }
  const all = effectiveWriters(record, [...record.writes.keys()], index);
  graph.addFanOut(readers.get(null) ?? [], all, edgeKind.rw, record.key);
  for (const [before, afters] of successors) {
    const targets = effectiveWriters(record, [...afters], index);
    const source = effectiveWriters(record, [before], index);
    graph.addFanOut(source, targets, edgeKind.ww, record.key);
    graph.addFanOut(readers.get(before) ?? [], targets, edgeKind.rw, record.key);
  }
}

function effectiveWriters(record: RegisterRecord, values: readonly number[], index: RegisterIndex): number[] {
  return values.flatMap((value) => effectiveWriter(record, value, index) ?? []);
}

function effectiveWriter(record: RegisterRecord, value: number, index: RegisterIndex): number | undefined {
  const operation = record.writes.get(value)?.operation;
  return operation !== undefined && index.tookEffect[operation] === true ? operation : undefined;
}
