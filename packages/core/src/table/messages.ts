/**
 * Family `table`: plain operations on one key, sizes, and scans. All are requests from any member to the owner of
 * the partition, answered by `reply` or `fail`; all carry the partition and the incarnation the caller knew, and an
 * owner that has another refuses. None comes twice.
 *
 * - one-key operation [op, requestId, partition, incarnation, table, key, ...arguments]; arguments and answers as
 *   in `operation.ts`. Runs in one turn, after waiting for the key's locks.
 * - `size` [op, requestId, partition, incarnation, table, snapshot]: how many entries. `snapshot` 0: right now. One more
 *   field, `range` as in `scan`: how many of those.
 * - `read` [op, requestId, partition, incarnation, table, snapshot, keys]: the values of these storage keys at the
 *   snapshot, in their order, undefined where absent. Keeps no state. Answers at least the first and stops when the
 *   answer is as large as a page: then it is shorter than `keys`, and the caller asks again for the others.
 * - `scan` [op, requestId, partition, incarnation, table, snapshot, part, cursor]: the next page. `cursor` 0 opens
 *   one; `snapshot` 0 reads what is newest (the caller holds a lock that keeps it still); `part` 0 entries, 1 keys,
 *   2 values. Answer: [cursor, ...items], cursor 0 when that was the last page; entries are key, value, key, value…
 *   One more field, `range` [from, to, affinity]: only entries from one key up to before another that have that affinity
 *   key, each undefined where it doesn't matter. A page of a range may be empty and not the last.
 * - `prune` [op], main member → every owner, protocol lane, no answer: the retention floor has moved; drop what lies
 *   below it. Writes do that on their way; this is for partitions that nobody writes to.
 * - `closeScan` [op, 0, partition, incarnation, cursor], protocol lane, no answer: the reader has left.
 */
export const TableOp = {
  get: 16,
  set: 17,
  has: 18,
  delete: 19,
  take: 20,
  insert: 21,
  replace: 22,
  compareAndSet: 23,
  getAndSet: 24,
  increment: 25,
  size: 26,
  read: 27,
  scan: 28,
  closeScan: 29,
  prune: 31,
} as const;

/** Opcodes of operations on one key. */
export type OneKeyOp = 16 | 17 | 18 | 19 | 20 | 21 | 22 | 23 | 24 | 25;

/** What a scan answers. */
export const ScanPart = { entries: 0, keys: 1, values: 2 } as const;
export type ScanPart = (typeof ScanPart)[keyof typeof ScanPart];

/** `snapshot` field for "what is newest". */
export const newest = 0;
