/**
 * Versions that have an older one behind them, or are tombstones, in the order they were written: what can be
 * pruned once no snapshot is older than them. Each write looks at the head only, so pruning is paid in small coin and
 * nothing ever scans a table for it. Commits are installed nearly in the order of their timestamps; where they aren't,
 * a version stays a little longer behind one that is still needed.
 */
import type { StorageKey } from '../key/key.ts';
import type { TableVersions, Version } from './table-versions.ts';

/** A version whose predecessors may be dropped when no snapshot is older than it. */
export interface Superseding {
  readonly table: TableVersions;
  readonly key: StorageKey;
  readonly version: Version;
}

export class SupersededQueue {
  #items: Superseding[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get first(): Superseding | undefined {
    return this.#items[this.#head];
  }

  push(item: Superseding): void {
    this.#items.push(item);
  }

  shift(): void {
    this.#head++;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= 1_024 && this.#head * 2 > this.#items.length) {
      // Halves at most every `length / 2` steps: constant cost for each.
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
