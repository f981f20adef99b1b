/**
 * What can be judged without a graph: one transaction against itself, one read against the operation
 * behind its last element, and two updates of the same version.
 */

import type { AppendMop, ListAppendMop } from '../history.ts';
import { type AnomalyReport, describeList } from './anomaly-report.ts';
import type { AppendIndex, ListAppendOperation } from './append-index.ts';

type Report = AnomalyReport<ListAppendMop>;

/** What a transaction must find under a key: a list it has read, if any, and its own appends behind it. */
interface Expectation {
  readonly base: readonly number[] | undefined;
  readonly own: readonly number[];
}

/** Runs all of these checks. */
export function checkTransactions(
  operations: readonly ListAppendOperation[],
  index: AppendIndex,
  report: Report,
): void {
  const updatesByKey = new Map<string, Map<string, number>>();
  operations.forEach((operation, position) => {
    if (operation.type !== 'ok') return;
    checkAgainstItself(operation, position, report);
    checkIntermediateReads(operation, position, index, report);
    checkLostUpdates(operation, position, updatesByKey, report);
  });
}

function checkAgainstItself({ mops }: ListAppendOperation, position: number, report: Report): void {
  const expectations = new Map<string, Expectation>();
  mops.forEach((mop, step) => {
    if (mop[0] === 'clear') return;
    const key = mop[1];
    const expected = expectations.get(key) ?? { base: undefined, own: [] };
    if (mop[0] === 'append') {
      expectations.set(key, { base: expected.base, own: [...expected.own, mop[2]] });
      return;
    }
    const list = mop[2];
    if (list === undefined) return;
    if (!isExpected(list, expected)) {
      const start = expected.base === undefined ? 'something' : describeList(expected.base);
      const sentence = `expected "${key}" to be ${start} and then ${describeList(expected.own)}, not ${describeList(list)}`;
      report.add('internal', sentence, [position]);
    }
    const later = mops.slice(step + 1).find((other) => isAppendOf(other, key, list));
    if (later !== undefined) {
      report.add('future-read', `"${key}" shows ${later[2]} before it was appended`, [position]);
    }
    expectations.set(key, { base: list, own: [] });
  });
}

function isExpected(list: readonly number[], { base, own }: Expectation): boolean {
  const start = list.length - own.length;
  if (start < 0 || own.some((element, offset) => list[start + offset] !== element)) return false;
  if (base === undefined) return true;
  return base.length === start && base.every((element, offset) => list[offset] === element);
}

function isAppendOf(mop: ListAppendMop, key: string, list: readonly number[]): mop is AppendMop {
  return mop[0] === 'append' && mop[1] === key && list.includes(mop[2]);
}

function checkIntermediateReads(
  { mops }: ListAppendOperation,
  position: number,
  index: AppendIndex,
  report: Report,
): void {
  for (const mop of mops) {
    if (mop[0] !== 'r') continue;
    const last = mop[2]?.at(-1);
    const append = last === undefined ? undefined : index.keys.get(mop[1])?.appends.get(last);
    if (append === undefined || append.isFinal || append.operation === position) continue;
    const sentence = `"${mop[1]}" was read up to ${last}, in the middle of what one operation appended`;
    report.add('G1b', sentence, [position, append.operation]);
  }
}

/** Of all operations that append to a key, at most one may have found it at any given version. */
function checkLostUpdates(
  { mops }: ListAppendOperation,
  position: number,
  updatesByKey: Map<string, Map<string, number>>,
  report: Report,
): void {
  const readVersions = new Map<string, string>();
  const updated = new Set<string>();
  for (const mop of mops) {
    if (mop[0] === 'clear') continue;
    const key = mop[1];
    if (mop[0] === 'append') updated.add(key);
    else if (mop[2] !== undefined && !updated.has(key) && !readVersions.has(key)) {
      readVersions.set(key, `${mop[2].length}:${mop[2].at(-1)}`);
    }
  }
  for (const [key, version] of readVersions) {
    if (!updated.has(key)) continue;
    const updates = updatesByKey.get(key) ?? new Map<string, number>();
    updatesByKey.set(key, updates);
    const other = updates.get(version);
    if (other === undefined) updates.set(version, position);
    else
      report.add('lost-update', `both read the same version of "${key}" and appended to it`, [
        other,
        position,
      ]);
  }
}
