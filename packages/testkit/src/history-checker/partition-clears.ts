/**
 * The death of a partition that lives in memory only, as part of a history.
 *
 * What is promised then: the death is one atomic clear of the partition, at one point of the serial
 * order. So a simulator records it as an operation `[['clear', partition, generation]]` from the moment
 * of the death to the moment the successor serves, and every key with the generation it was served from
 * (`x@p.1`, then `x@p.2`). The clear is a transaction that read all of generation 1 in its last state and
 * gave birth to an empty generation 2. As edges:
 *
 * - whoever appended to `x@p.1` comes before clear 1 (ww: the clear replaced what it wrote), whoever read
 *   it too (rw: it did not see the clear);
 * - whoever read `x@p.2` comes after clear 1 (wr: it read the emptiness), whoever appended to it too (ww);
 * - clear 1 comes before clear 2 (ww).
 *
 * So a commit seen at Q and gone at P is fine: it came before the clear, which came before the reader.
 * A half of a transaction is found: if somebody read empty P and Q without T, and T then shows up at Q
 * although it also appended to the old P, T comes before the clear, the clear before the reader, and the
 * reader before T. An unknown operation that nobody saw anything of gets no edges; it may never have been.
 */

import type { ClearMop, RecordedOperation } from '../history.ts';
import { tryParseRecordedKey } from '../history.ts';
import { MalformedHistoryError } from './anomaly-report.ts';
import { type DependencyGraph, edgeKind } from './dependency-graph.ts';

type KeyedMop = readonly [name: string, key: string, value: unknown] | ClearMop;
type KeyedOperation = RecordedOperation<KeyedMop>;

/** Adds the edges of all clears. @throws MalformedHistoryError for a generation without its clear */
export function addClearEdges(
  graph: DependencyGraph,
  operations: readonly KeyedOperation[],
  tookEffect: readonly boolean[],
): void {
  const clears = findClears(operations);
  for (const [id, position] of clears) addSuccession(graph, clears, id, position);
  operations.forEach((operation, position) => {
    if (tookEffect[position] !== true) return;
    for (const mop of operation.mops) {
      if (isClear(mop)) continue;
      const parsed = tryParseRecordedKey(mop[1]);
      if (parsed === undefined) continue;
      const { partition, generation } = parsed;
      const isRead = mop[0] === 'r';
      const ending = clears.get(clearId(partition, generation));
      if (ending !== undefined) graph.add(position, ending, isRead ? edgeKind.rw : edgeKind.ww, mop[1]);
      if (generation === 1) continue;
      const birth = mustHaveClear(clears, partition, generation - 1);
      graph.add(birth, position, isRead ? edgeKind.wr : edgeKind.ww, mop[1]);
    }
  });
}

function findClears(operations: readonly KeyedOperation[]): Map<string, number> {
  const clears = new Map<string, number>();
  operations.forEach(({ mops, type }, position) => {
    for (const mop of mops) {
      // A clear without an end counts too: its successor may have served before the run was over.
      if (!isClear(mop) || type === 'fail') continue;
      const id = clearId(mop[1], mop[2]);
      if (clears.has(id)) throw new MalformedHistoryError(`Generation ${id} is cleared twice.`);
      clears.set(id, position);
    }
  });
  return clears;
}

function addSuccession(
  graph: DependencyGraph,
  clears: ReadonlyMap<string, number>,
  id: string,
  position: number,
): void {
  const dot = id.lastIndexOf('.');
  const partition = id.slice(0, dot);
  const generation = Number(id.slice(dot + 1));
  if (generation > 1) graph.add(mustHaveClear(clears, partition, generation - 1), position, edgeKind.ww, id);
}

function mustHaveClear(clears: ReadonlyMap<string, number>, partition: string, generation: number): number {
  const position = clears.get(clearId(partition, generation));
  if (position !== undefined) return position;
  const id = clearId(partition, generation);
  throw new MalformedHistoryError(`Generation ${id} has a successor and no clear in the history.`);
}

function isClear(mop: KeyedMop): mop is ClearMop {
  return mop[0] === 'clear';
}

function clearId(partition: string, generation: number): string {
  return `${partition}.${generation}`;
}
