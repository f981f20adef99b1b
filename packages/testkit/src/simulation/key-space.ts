/** Where the keys of a simulated run lie. Lists are in table 0, keys that are written once and blindly in table 1. */
import type { PartitionId } from '@troupe/core';
import { recordedKey } from '../history.ts';

export class KeySpace {
  readonly #partitions: number;
  readonly #written: string[] = [];

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  partitionOf(key: string): PartitionId {
    return Number(key.slice(1)) % this.#partitions;
  }

  tableOf(key: string): number {
    return key.startsWith('k') ? 0 : 1;
  }

  /** A key that nobody has written yet. */
  freshKey(): string {
    const key = `o${this.#written.length}`;
    this.#written.push(key);
    return key;
  }

  /** The latest fresh keys: those that readers may just miss or just see. */
  recentFreshKeys(countMax: number): readonly string[] {
    return this.#written.slice(-countMax);
  }

  get freshKeys(): readonly string[] {
    return this.#written;
  }

  /** The key as a history names it. */
  recorded(key: string, incarnation: number): string {
    return recordedKey({ key, partition: `p${this.partitionOf(key)}`, generation: incarnation });
  }
}
