/**
 * The register checker: transactions that read and overwrite plain values. It proves less than the
 * list-append checker, because a value doesn't show what was there before it; take it for code that can't
 * keep lists. Whatever it reports is wrong all the same.
 */

import type { RegisterMop } from '../history.ts';
import { AnomalyReport, type HistoryVerdict } from './anomaly-report.ts';
import { reportCycles } from './check-history.ts';
import { DependencyGraph } from './dependency-graph.ts';
import { addOrderEdges } from './order-edges.ts';
import { addClearEdges } from './partition-clears.ts';
import { addRegisterEdges, type RegisterVersionOrder } from './register-edges.ts';
import { indexRegisters, type RegisterIndex, type RegisterOperation } from './register-index.ts';

type Report = AnomalyReport<RegisterMop>;

/** How {@link checkRegister} judges. */
export interface CheckRegisterOptions {
  /** `realtime` also orders the versions of a key by real time: stronger, for linearizable keys only. */
  readonly versionOrder?: RegisterVersionOrder;
}

/**
 * Checks a history of reads and writes of registers.
 *
 * To test your own store, let every transaction read some keys and write unique numbers to some, record
 * it all with a `History`, and expect `anomalies` to be empty.
 *
 * @throws MalformedHistoryError when a value is written twice to a key, or a clear is missing
 */
export function checkRegister(
  operations: readonly RegisterOperation[],
  { versionOrder = 'transactions' }: CheckRegisterOptions = {},
): HistoryVerdict<RegisterMop> {
  const report: Report = new AnomalyReport<RegisterMop>(operations);
  const index = indexRegisters(operations);
  operations.forEach((operation, position) => {
    if (operation.type !== 'ok') return;
    checkAgainstItself(operation, position, report);
    checkValuesRead(operation, position, index, report);
  });
  checkLostUpdates(index, report);
  const graph = new DependencyGraph(operations.length);
  addRegisterEdges(graph, { operations, index, versionOrder }, report);
  addClearEdges(graph, operations, index.tookEffect);
  addOrderEdges(graph, operations, index.tookEffect);
  reportCycles(graph, report);
  return report.verdict;
}

function checkAgainstItself({ mops }: RegisterOperation, position: number, report: Report): void {
  const expectedValues = new Map<string, number | null>();
  mops.forEach((mop, step) => {
    if (mop[0] === 'clear' || mop[2] === undefined) return;
    const [name, key, value] = mop;
    const expected = expectedValues.get(key);
    if (name === 'r' && expected !== undefined && value !== expected) {
      report.add('internal', `expected "${key}" to be ${expected}, not ${value}`, [position]);
    }
    const isEarly = mops
      .slice(step + 1)
      .some((later) => later[0] === 'w' && later[1] === key && later[2] === value);
    if (name === 'r' && isEarly) {
      report.add('future-read', `"${key}" shows ${value} before it was written`, [position]);
    }
    expectedValues.set(key, value);
  });
}

function checkValuesRead(
  { mops }: RegisterOperation,
  position: number,
  index: RegisterIndex,
  report: Report,
): void {
  for (const mop of mops) {
    if (mop[0] !== 'r' || typeof mop[2] !== 'number') continue;
    const [, key, value] = mop;
    const write = index.keys.get(key)?.writes.get(value);
    if (write === undefined) report.add('garbage', `${value} in "${key}" was written by nobody`, [position]);
    else if (write.type === 'fail') {
      report.add('G1a', `${value} in "${key}" comes from an operation that failed`, [
        position,
        write.operation,
      ]);
    } else if (!write.isFinal && write.operation !== position) {
      report.add('G1b', `${value} in "${key}" was overwritten by its own writer`, [
        position,
        write.operation,
      ]);
    }
  }
}

function checkLostUpdates(index: RegisterIndex, report: Report): void {
  for (const { key, accesses } of index.keys.values()) {
    const updated = new Map<number | null, number>();
    for (const { operation, found, left } of accesses) {
      if (found === undefined || left === undefined) continue;
      const other = updated.get(found);
      if (other === undefined) updated.set(found, operation);
      else report.add('lost-update', `both read ${found} of "${key}" and overwrote it`, [other, operation]);
    }
  }
}
