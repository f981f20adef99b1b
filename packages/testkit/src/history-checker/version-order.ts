/**
 * The order of the versions of each key. Lists only grow, so every list that was read must be the
 * beginning of every longer one; the longest one is the order. Two lists of which neither is the
 * beginning of the other cannot both come from one order: `incompatible-order`.
 *
 * Along the longest list the elements themselves are judged, each once and with the first read that
 * showed it: appended by nobody, by an operation that failed, or twice.
 *
 * A key whose order is in doubt is marked as such and gives no edges that rest on its order; the anomaly
 * is already named, and edges from a wrong order would name things that never happened.
 */

import type { ListAppendMop } from '../history.ts';
import { type AnomalyReport, describeList } from './anomaly-report.ts';
import type { AppendIndex, AppendRecord, KeyRecord, ReadRecord } from './append-index.ts';

type Report = AnomalyReport<ListAppendMop>;

/** The order of one key. */
export interface VersionOrder {
  readonly record: KeyRecord;
  /** The longest list read. */
  readonly elements: readonly number[];
  /** Whether edges may rest on this order. */
  readonly isReliable: boolean;
}

/** Finds the order of each key and reports what contradicts it. */
export function orderVersions(index: AppendIndex, report: Report): VersionOrder[] {
  return [...index.keys.values()].map((record) => orderOfKey(record, report));
}

function orderOfKey(record: KeyRecord, report: Report): VersionOrder {
  const longest = longestRead(record.reads);
  if (longest === undefined) return { record, elements: [], isReliable: true };
  const contradicting = record.reads.filter(({ list }) => !isPrefix(list, longest.list));
  for (const read of contradicting) {
    const sentence = `"${record.key}" was read as ${describeList(read.list)} and as ${describeList(longest.list)}`;
    report.add('incompatible-order', sentence, [read.operation, longest.operation]);
  }
  const hasDuplicates = judgeElements(record, longest, report);
  for (const read of contradicting) judgeElements(record, read, report);
  judgeUpdatesOfAborted(record, longest, report);
  const isReliable = contradicting.length === 0 && !hasDuplicates;
  return { record, elements: longest.list, isReliable };
}

function longestRead(reads: readonly ReadRecord[]): ReadRecord | undefined {
  let longest: ReadRecord | undefined;
  for (const read of reads) {
    if (longest === undefined || read.list.length > longest.list.length) longest = read;
  }
  return longest;
}

function isPrefix(list: readonly number[], of: readonly number[]): boolean {
  for (let index = 0; index < list.length; index++) {
    if (list[index] !== of[index]) return false;
  }
  return true;
}

function judgeElements(record: KeyRecord, shown: ReadRecord, report: Report): boolean {
  const seen = new Set<number>();
  let hasDuplicates = false;
  shown.list.forEach((element, position) => {
    const append = record.appends.get(element);
    // An earlier, shorter read is the better witness.
    const witness = (): number => firstReadBeyond(record, shown, position);
    if (append === undefined) {
      report.add('garbage', `${element} in "${record.key}" was appended by nobody`, [witness()]);
    } else if (append.type === 'fail') {
      const sentence = `${element} in "${record.key}" comes from an operation that failed`;
      report.add('G1a', sentence, [witness(), append.operation]);
    }
    if (seen.has(element)) {
      hasDuplicates = true;
      report.add('duplicates', `${element} is in "${record.key}" more than once`, [witness()]);
    }
    seen.add(element);
  });
  return hasDuplicates;
}

function firstReadBeyond(record: KeyRecord, shown: ReadRecord, position: number): number {
  const first = record.reads.find(
    ({ list }) => list.length > position && list[position] === shown.list[position],
  );
  return (first ?? shown).operation;
}

function judgeUpdatesOfAborted(record: KeyRecord, longest: ReadRecord, report: Report): void {
  let aborted: AppendRecord | undefined;
  for (const element of longest.list) {
    const append = record.appends.get(element);
    if (append?.type === 'fail') aborted = append;
    if (append?.type !== 'ok' || aborted === undefined) continue;
    const sentence = `${element} in "${record.key}" was appended behind ${aborted.value} of a failed operation`;
    report.add('dirty-update', sentence, [append.operation, aborted.operation, longest.operation]);
    return;
  }
}
