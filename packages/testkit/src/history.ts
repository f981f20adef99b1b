/**
 * A record of what clients asked and were told, for the history checkers.
 *
 * A history holds operations: one transaction each, with the moment it was invoked, the moment its
 * answer came, and what the client knows then: `ok` it happened with these results, `fail` it certainly
 * didn't, `info` nobody knows (a timeout, a death). Moments are positions in one list of invocations and
 * completions, not times: that is all the checkers need to know what came before what.
 *
 * Rule kept: a process does one operation at a time. After `info` the process may go on; its next
 * operation is concurrent with the unknown one, which may still happen later.
 *
 * Memory-only partitions: a death empties a partition at one moment. So that such a run can be checked,
 * a key is recorded with the generation of its partition (`recordedKey`), and the death itself as an
 * operation of the micro-operation `['clear', partition, generation]`, which names the generation that
 * ended; see `history-checker/partition-clears.ts` for what it means.
 */

/** Appends a value to the list under a key. A value is appended to a key at most once in a history. */
export type AppendMop = readonly ['append', key: string, value: number];
/** Reads the list under a key; `undefined` while the result isn't known, `[]` when the key is absent. */
export type ReadListMop = readonly ['r', key: string, list: readonly number[] | undefined];
/** Writes a register. A value is written to a key at most once in a history. */
export type WriteMop = readonly ['w', key: string, value: number];
/** Reads a register; `undefined` while the result isn't known, `null` when the key is absent. */
export type ReadRegisterMop = readonly ['r', key: string, value: number | null | undefined];
/** The end of one generation of a partition: all of its keys are empty afterwards. */
export type ClearMop = readonly ['clear', partition: string, endedGeneration: number];

/** A part of a transaction over append-only lists. */
export type ListAppendMop = AppendMop | ReadListMop | ClearMop;
/** A part of a transaction over registers. */
export type RegisterMop = WriteMop | ReadRegisterMop | ClearMop;

/** What the client knows in the end: it happened, it didn't, or nobody knows. */
export type OperationOutcome = 'ok' | 'fail' | 'info';

/** One operation of a history. */
export interface RecordedOperation<Mop> {
  readonly process: string;
  readonly invokeIndex: number;
  /** Infinity for an operation that was never answered. */
  readonly completeIndex: number;
  readonly type: OperationOutcome;
  /** With results if `ok`, as invoked otherwise. */
  readonly mops: readonly Mop[];
}

/** An operation that was invoked and has no answer yet; exactly one of the three ends it. */
export interface OpenOperation<Mop> {
  /** It happened, with these results. */
  ok(mopsWithResults: readonly Mop[]): void;
  /** It certainly did not happen, and never will. */
  fail(mops?: readonly Mop[]): void;
  /** It may have happened, or may still. Reads without a result stay `undefined`. */
  info(mops?: readonly Mop[]): void;
}

/** The place where one process writes down what it does. */
export interface ProcessRecorder<Mop> {
  /** @throws when the process has an operation that wasn't answered yet */
  invoke(mops: readonly Mop[]): OpenOperation<Mop>;
}

interface OperationDraft<Mop> {
  process: string;
  invokeIndex: number;
  completeIndex: number;
  type: OperationOutcome;
  mops: readonly Mop[];
}

/**
 * Records the operations of all processes of a run.
 *
 * To test your own store, record each transaction around the call and check the operations afterwards:
 *
 * ```ts
 * const history = new History<ListAppendMop>();
 * const open = history.record('client-1').invoke([['append', 'cart', 7], ['r', 'stock', undefined]]);
 * try {
 *   const stock = await store.transact(…);
 *   open.ok([['append', 'cart', 7], ['r', 'stock', stock]]);
 * } catch (error) {
 *   if (isCertainlyAborted(error)) open.fail();
 *   else open.info();
 * }
 * expect(checkListAppend(history.operations).anomalies).toEqual([]);
 * ```
 */
export class History<Mop> {
  readonly #drafts: OperationDraft<Mop>[] = [];
  readonly #busy = new Set<string>();
  #nextIndex = 0;

  /** The operations in the order of their invocation; those without an answer count as `info`. */
  get operations(): readonly RecordedOperation<Mop>[] {
    return this.#drafts.map((draft) => ({ ...draft }));
  }

  /** Where a process writes down what it does. */
  record(process: string): ProcessRecorder<Mop> {
    return { invoke: (mops) => this.#invoke(process, mops) };
  }

  #invoke(process: string, mops: readonly Mop[]): OpenOperation<Mop> {
    if (this.#busy.has(process)) throw new Error(`Process "${process}" has an operation under way.`);
    this.#busy.add(process);
    const draft: OperationDraft<Mop> = {
      process,
      invokeIndex: this.#nextIndex++,
      completeIndex: Infinity,
      type: 'info',
      mops,
    };
    this.#drafts.push(draft);
    const complete = (type: OperationOutcome, finalMops: readonly Mop[]): void => {
      if (draft.completeIndex !== Infinity) throw new Error(`An operation of "${process}" ended twice.`);
      draft.completeIndex = this.#nextIndex++;
      draft.type = type;
      draft.mops = finalMops;
      this.#busy.delete(process);
    };
    return {
      ok: (mopsWithResults) => complete('ok', mopsWithResults),
      fail: (final = mops) => complete('fail', final),
      info: (final = mops) => complete('info', final),
    };
  }
}

/** A key together with the generation of its partition. */
export interface KeyOfGeneration {
  readonly key: string;
  readonly partition: string;
  readonly generation: number;
}

/** The name under which a key of a partition that may be cleared is recorded: `key@partition.generation`. */
export function recordedKey({ key, partition, generation }: KeyOfGeneration): string {
  if (partition.includes('@')) throw new Error(`The partition name "${partition}" contains "@".`);
  return `${key}@${partition}.${generation}`;
}

/** Takes a recorded key apart; `undefined` for a plain key, whose partition is never cleared. */
export function tryParseRecordedKey(recorded: string): KeyOfGeneration | undefined {
  const at = recorded.lastIndexOf('@');
  const dot = recorded.lastIndexOf('.');
  if (at < 0 || dot < at) return undefined;
  const generation = Number(recorded.slice(dot + 1));
  if (!Number.isSafeInteger(generation) || generation < 1) return undefined;
  return { key: recorded.slice(0, at), partition: recorded.slice(at + 1, dot), generation };
}
