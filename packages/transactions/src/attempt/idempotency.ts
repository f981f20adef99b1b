/**
 * Idempotency keys: the same key gives the same answer, once. Pure; one `IdempotencyGuard` for each attempt.
 *
 * A key has a row in a hidden table at every partition that its transaction touches, and at one more, its *home*, which
 * the key alone decides. The first message to a partition locks the row there, before anything else, for writing. So of
 * two calls with one key the younger waits until the older has ended; and when the older has committed, it finds the
 * row, ends, and answers with what is stored there. The rows are written with the transaction's own writes, so they are
 * there exactly if these are.
 *
 * Why at all partitions: when hosts die, whatever is left of the effects has its row beside it. Why the home: a call
 * that is repeated need not touch the same partitions (it may draw a new id for what it inserts).
 *
 * A row that has expired counts as absent; `idempotency-sweeper.ts` drops it.
 */
import type { PartitionId } from '@troupe/core';
import { copyValue, hashKey, InvalidArgumentError } from '@troupe/core';
import { LockMode } from '../locks/lock-mode.ts';
import type { PartitionWrites } from '../protocol/decision.ts';
import type { PartitionRequest } from '../protocol/lock-requests.ts';
import { Cell } from '../protocol/workspace.ts';

/** The hidden table of the rows: its number in every partition. */
export const idempotencyTable = -1;

/** What is stored under a key. */
export interface IdempotencyRow {
  readonly answer: unknown;
  /** The name of the procedure that answered; undefined for a transaction. */
  readonly procedure: string | undefined;
  /** Milliseconds of the clock of `IdempotencyGround`. */
  readonly expiresAtMs: number;
}

export interface IdempotencyGround {
  readonly partitionCount: number;
  readonly retentionMs: number;
  nowMs(): number;
}

/** One attempt's dealings with the rows of its key. */
export class IdempotencyGuard {
  readonly #key: string;
  readonly #procedure: string | undefined;
  readonly #ground: IdempotencyGround;
  readonly #home: PartitionId;
  /** The rows asked for so far, one for each partition. */
  readonly #rows: Cell[] = [];
  #found: IdempotencyRow | undefined;
  #answer: unknown;

  constructor(key: string, procedure: string | undefined, ground: IdempotencyGround) {
    this.#key = key;
    this.#procedure = procedure;
    this.#ground = ground;
    this.#home = hashKey(key) % ground.partitionCount;
  }

  /** The call had been made before, as a partition has told. */
  get isAnswered(): boolean {
    return this.#found !== undefined;
  }

  // ── locking ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The same requests; the first one to a partition begins with the row there. The home is always among them. */
  guarded(requests: readonly PartitionRequest[]): readonly PartitionRequest[] {
    const guarded = requests.map((request) =>
      this.#isAsked(request.partition) ? request : this.#withRow(request),
    );
    const home = this.#home;
    if (!this.#isAsked(home) && !requests.some(({ partition }) => partition === home))
      guarded.push(this.#withRow(nothing(home)));
    return guarded;
  }

  /** Requests for no more than to be `guarded`: for those of `partitions`, and the home, whose row isn't locked yet. */
  missing(partitions: Iterable<PartitionId>): PartitionRequest[] {
    const missing: PartitionRequest[] = [];
    for (const partition of new Set([...partitions, this.#home]))
      if (!this.#isAsked(partition)) missing.push(nothing(partition));
    return missing;
  }

  /** This request goes out now. True when it begins with the row of its partition. */
  asks({ cells: [first] }: PartitionRequest): boolean {
    if (first?.table !== idempotencyTable) return false;
    this.#rows.push(first);
    return true;
  }

  /** A partition has answered this request; its cells are filled. */
  answered({ cells: [first] }: PartitionRequest): void {
    if (first?.table !== idempotencyTable) return;
    const row = first.committed as IdempotencyRow | undefined;
    if (row !== undefined && row.expiresAtMs > this.#ground.nowMs()) this.#found ??= row;
  }

  // ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** What the first call was answered. Throws InvalidArgumentError when that was another procedure's. */
  storedAnswer(): unknown {
    const { answer, procedure } = this.#found as IdempotencyRow;
    if (procedure !== this.#procedure) throw usedForAnother(this.#key, procedure);
    return answer === undefined ? undefined : copyValue(answer, 'value');
  }

  /**
   * Keeps the answer for the rows, and answers with what every repeat will get. Throws VALUE_NOT_SUPPORTED or
   * VALUE_TOO_LARGE.
   */
  keep<T>(answer: T): T {
    if (answer === undefined) return answer;
    this.#answer = copyValue(answer, 'the answer of a transaction with an idempotencyKey');
    return copyValue(this.#answer, 'value') as T;
  }

  /** Adds the rows to what the transaction writes. */
  addRows(writes: Map<PartitionId, PartitionWrites>): void {
    const expiresAtMs = this.#ground.nowMs() + this.#ground.retentionMs;
    const row: IdempotencyRow = { answer: this.#answer, procedure: this.#procedure, expiresAtMs };
    for (const { partition, committed } of this.#rows) {
      const own = writes.get(partition);
      const target = own ?? { writes: [], cleared: [] };
      if (own === undefined) writes.set(partition, target);
      // One that has expired is removed first, so that rows lie in the order in which they expire.
      if (committed !== undefined) target.writes.push(idempotencyTable, this.#key, undefined);
      target.writes.push(idempotencyTable, this.#key, row);
    }
  }

  #isAsked(partition: PartitionId): boolean {
    return this.#rows.some((row) => row.partition === partition);
  }

  #withRow({ partition, accesses, cells }: PartitionRequest): PartitionRequest {
    const row = new Cell(idempotencyTable, this.#key, partition);
    return {
      partition,
      accesses: [idempotencyTable, this.#key, LockMode.X, ...accesses],
      cells: [row, ...cells],
    };
  }
}

function nothing(partition: PartitionId): PartitionRequest {
  return { partition, accesses: [], cells: [] };
}

function usedForAnother(key: string, procedure: string | undefined): InvalidArgumentError {
  const user = procedure === undefined ? 'a transaction' : `procedure '${procedure}'`;
  return new InvalidArgumentError(
    `idempotencyKey '${key}' was used for ${user}; use another key for another call`,
    { details: { argument: 'idempotencyKey', idempotencyKey: key, usedFor: procedure ?? 'transaction' } },
  );
}
