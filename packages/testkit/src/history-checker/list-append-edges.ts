/**
 * The dependencies that lists prove. With e[0], e[1], … the order of one key:
 *
 * - ww: the operation behind e[i] comes before the one behind e[i+1];
 * - wr: the operation behind the last element of a read comes before the reader;
 * - rw: the reader of a list that ends at e[i] comes before the operation behind e[i+1].
 *
 * Appends that nobody saw come after e[last], in no known order among themselves: if one had come before,
 * the longest list would show it. Elements of failed operations or of nobody are skipped over.
 */

import type { AppendIndex } from './append-index.ts';
import { type DependencyGraph, edgeKind } from './dependency-graph.ts';
import type { VersionOrder } from './version-order.ts';

/** Adds the edges of all keys. */
export function addListAppendEdges(
  graph: DependencyGraph,
  orders: readonly VersionOrder[],
  index: AppendIndex,
): void {
  for (const order of orders) {
    if (order.isReliable) addOrderedEdges(graph, order, index);
    else addReadsFromEdges(graph, order, index);
  }
}

function addOrderedEdges(graph: DependencyGraph, order: VersionOrder, index: AppendIndex): void {
  const { key, reads } = order.record;
  const writers = order.elements.map((element) => effectiveWriter(order, element, index));
  const { lastUpTo, firstFrom } = neighbours(writers);
  const unseen = unseenWriters(order, index);
  const readersOfAll: number[] = [];
  for (let position = 0; position < writers.length; position++) {
    const writer = writers[position];
    const next = firstFrom[position + 1];
    if (writer !== undefined && next !== undefined) graph.add(writer, next, edgeKind.ww, key);
  }
  for (const { operation, list } of reads) {
    const writer = lastUpTo[list.length];
    const next = firstFrom[list.length];
    if (writer !== undefined) graph.add(writer, operation, edgeKind.wr, key);
    if (next !== undefined) graph.add(operation, next, edgeKind.rw, key);
    else readersOfAll.push(operation);
  }
  const last = lastUpTo.at(-1);
  if (last !== undefined) graph.addFanOut([last], unseen, edgeKind.ww, key);
  graph.addFanOut(readersOfAll, unseen, edgeKind.rw, key);
}

/** Without an order only this is certain: the reader saw what the writer of the last element did. */
function addReadsFromEdges(graph: DependencyGraph, order: VersionOrder, index: AppendIndex): void {
  for (const { operation, list } of order.record.reads) {
    const last = list.at(-1);
    const writer = last === undefined ? undefined : effectiveWriter(order, last, index);
    if (writer !== undefined) graph.add(writer, operation, edgeKind.wr, order.record.key);
  }
}

/** By position: the last known writer of the elements before it, and the first one from it on. */
function neighbours(writers: readonly (number | undefined)[]): {
  lastUpTo: (number | undefined)[];
  firstFrom: (number | undefined)[];
} {
  const lastUpTo: (number | undefined)[] = [undefined];
  for (const writer of writers) lastUpTo.push(writer ?? lastUpTo.at(-1));
  const firstFrom: (number | undefined)[] = [undefined];
  for (const writer of writers.toReversed()) firstFrom.push(writer ?? firstFrom.at(-1));
  return { lastUpTo, firstFrom: firstFrom.reverse() };
}

function effectiveWriter({ record }: VersionOrder, element: number, index: AppendIndex): number | undefined {
  const append = record.appends.get(element);
  return append !== undefined && index.tookEffect[append.operation] === true ? append.operation : undefined;
}

function unseenWriters({ record, elements }: VersionOrder, index: AppendIndex): number[] {
  const seen = new Set(elements);
  const unseen: number[] = [];
  for (const { value, operation } of record.appends.values()) {
    if (!seen.has(value) && index.tookEffect[operation] === true) unseen.push(operation);
  }
  return unseen;
}
