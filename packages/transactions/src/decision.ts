/**
 * How the fate of a transaction is decided: a port, so that nothing else in the protocol knows which form is in use.
 * This is the *memory* form. A later form asks a log and answers when the log has flushed, which is why the answer
 * comes by callback.
 */
import type { PartitionId, Timestamp } from '@troupe/core';
import type { StatusWords, TransactionId } from './status-word.ts';

/** A partition a transaction touched, in the incarnation it was fixed to. */
export interface Touched {
  readonly partition: PartitionId;
  readonly incarnation: number;
}

/** Lost: a partition it touched has died since, with its locks. Aborted: somebody was faster. */
export type Verdict = 'committed' | 'aborted' | 'lost';

export interface Decision {
  /** All who must vote have voted. Commits at `timestamp` unless the transaction was aborted or a partition died. */
  commit(
    id: TransactionId,
    slot: number,
    timestamp: Timestamp,
    touched: readonly Touched[],
    decided: (verdict: Verdict) => void,
  ): void;
  /** Ends it now, if nobody has decided yet. False: its fate is another's to tell. */
  tryAbort(id: TransactionId, slot: number): boolean;
}

/**
 * Decision by compare-and-set on the status word. The word proves that every lock is still held (a wound would have
 * changed it); the incarnations prove that the partitions which held them are still the same.
 */
export class MemoryDecision implements Decision {
  readonly #words: StatusWords;
  readonly #incarnationOf: (partition: PartitionId) => number;

  constructor(words: StatusWords, incarnationOf: (partition: PartitionId) => number) {
    this.#words = words;
    this.#incarnationOf = incarnationOf;
  }

  commit(
    id: TransactionId,
    slot: number,
    timestamp: Timestamp,
    touched: readonly Touched[],
    decided: (verdict: Verdict) => void,
  ): void {
    if (!touched.every(({ partition, incarnation }) => this.#incarnationOf(partition) === incarnation)) {
      this.#words.tryAbort(slot, id);
      decided('lost');
    } else decided(this.#words.tryCommit(slot, id, timestamp) ? 'committed' : 'aborted');
  }

  tryAbort(id: TransactionId, slot: number): boolean {
    return this.#words.tryAbort(slot, id);
  }
}
