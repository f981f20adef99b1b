/**
 * The list-append checker: is there any serial order of the transactions, in keeping with real time, that
 * explains everything the clients saw? The method is that of Elle (Kingsbury, Alvaro, VLDB 2020): unique
 * appends make every list tell its own history, so the dependencies can be read off instead of searched.
 *
 * A history without anomalies is strictly serializable as far as its reads can show. For serializability
 * alone ignore the types that end in `-process` or `-realtime`. End a run with a read of every key:
 * appends that nobody reads can hardly be wrong.
 *
 * Everything is linear in the history but the search inside components that do have cycles.
 */

import type { ListAppendMop } from '../history.ts';
import { AnomalyReport, type HistoryVerdict, type ReportedMop, SHOWN_MAX } from './anomaly-report.ts';
import { indexAppends, type ListAppendOperation } from './append-index.ts';
import { findCycles } from './cycles.ts';
import { type DependencyEdge, DependencyGraph, edgeKind } from './dependency-graph.ts';
import { addListAppendEdges } from './list-append-edges.ts';
import { addOrderEdges } from './order-edges.ts';
import { addClearEdges } from './partition-clears.ts';
import { checkTransactions } from './per-transaction-checks.ts';
import { orderVersions } from './version-order.ts';

/**
 * Checks a history of appends and reads of lists.
 *
 * To test your own store, keep a list under each key, let every transaction read some and append unique
 * numbers to some, record it all with a `History`, and expect `anomalies` to be empty. Each anomaly says
 * in its message which operations contradict each other.
 *
 * @throws MalformedHistoryError when a value is appended twice to a key, or a clear is missing
 */
export function checkListAppend(operations: readonly ListAppendOperation[]): HistoryVerdict<ListAppendMop> {
  const report = new AnomalyReport<ListAppendMop>(operations);
  const index = indexAppends(operations);
  checkTransactions(operations, index, report);
  const orders = orderVersions(index, report);
  const graph = new DependencyGraph(operations.length);
  addListAppendEdges(graph, orders, index);
  addClearEdges(graph, operations, index.tookEffect);
  addOrderEdges(graph, operations, index.tookEffect);
  reportCycles(graph, report);
  return report.verdict;
}

/** Adds the cycles of a graph to a report, each with the reason for every edge. */
export function reportCycles<Mop extends ReportedMop>(
  graph: DependencyGraph,
  report: AnomalyReport<Mop>,
): void {
  for (const { type, edges } of findCycles(graph)) {
    const reasons = edges.slice(0, SHOWN_MAX).map(describeEdge);
    if (edges.length > SHOWN_MAX) reasons.push('…');
    report.add(
      type,
      reasons.join('; '),
      edges.map(({ from }) => from),
    );
  }
}

function describeEdge({ from, to, kind, key }: DependencyEdge): string {
  switch (kind) {
    case edgeKind.ww:
      return `#${from} wrote "${key}" before #${to} did`;
    case edgeKind.wr:
      return `#${to} saw what #${from} wrote to "${key}"`;
    case edgeKind.rw:
      return `#${from} did not see what #${to} wrote to "${key}"`;
    case edgeKind.process:
      return `#${from} came before #${to} in one process`;
    default:
      return `#${from} had ended before #${to} began`;
  }
}
