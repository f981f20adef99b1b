/**
 * Edges that rest on time alone, the same for every kind of history.
 *
 * `process`: what one process did earlier. `realtime`: what had ended before another began. Only `ok`
 * operations have an end: one that failed has no place in the order, and one that is unknown may take
 * effect at any time after its invocation.
 *
 * The realtime order of n operations has up to n² pairs. Written are only those that no other edge
 * implies: an operation leaves the frontier when one that began after its end has ended too.
 */

import type { RecordedOperation } from '../history.ts';
import { type DependencyGraph, edgeKind } from './dependency-graph.ts';

type AnyOperation = RecordedOperation<unknown>;

/** Adds the process and realtime edges between the operations that took effect. */
export function addOrderEdges(
  graph: DependencyGraph,
  operations: readonly AnyOperation[],
  tookEffect: readonly boolean[],
): void {
  addProcessEdges(graph, operations, tookEffect);
  const vertices = operations.flatMap((_, position) => (tookEffect[position] === true ? [position] : []));
  forEachRealtimePair(operations, vertices, (from, to) => graph.add(from, to, edgeKind.realtime));
}

function addProcessEdges(
  graph: DependencyGraph,
  operations: readonly AnyOperation[],
  tookEffect: readonly boolean[],
): void {
  const lastOk = new Map<string, number>();
  operations.forEach(({ process, type }, position) => {
    const previous = lastOk.get(process);
    if (previous !== undefined && tookEffect[position] === true) {
      graph.add(previous, position, edgeKind.process);
    }
    if (type === 'ok') lastOk.set(process, position);
  });
}

/** Calls `visit` for the transitive reduction of "had ended before the other began". */
export function forEachRealtimePair(
  operations: readonly AnyOperation[],
  vertices: readonly number[],
  visit: (from: number, to: number) => void,
): void {
  const frontier = new Set<number>();
  const predecessors = new Map<number, readonly number[]>();
  for (const { vertex, isInvocation } of eventsOf(operations, vertices)) {
    if (isInvocation) {
      const current = [...frontier];
      predecessors.set(vertex, current);
      for (const from of current) visit(from, vertex);
    } else {
      for (const from of predecessors.get(vertex) ?? []) frontier.delete(from);
      predecessors.delete(vertex);
      frontier.add(vertex);
    }
  }
}

function eventsOf(
  operations: readonly AnyOperation[],
  vertices: readonly number[],
): { vertex: number; isInvocation: boolean }[] {
  const events: { vertex: number; isInvocation: boolean; index: number }[] = [];
  for (const vertex of vertices) {
    const operation = operations[vertex];
    if (operation === undefined) continue;
    events.push({ vertex, isInvocation: true, index: operation.invokeIndex });
    if (operation.type === 'ok') events.push({ vertex, isInvocation: false, index: operation.completeIndex });
  }
  return events.sort((left, right) => left.index - right.index);
}
