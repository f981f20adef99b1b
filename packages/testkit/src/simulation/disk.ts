/**
 * What survives the simulated process: records in the order they were appended. A crash keeps those that were flushed
 * and any number of the following ones, none twice and none with a gap before it.
 */
import type { PartitionId, StorageKey, Timestamp } from '@troupe/core';
import type { CommitRecord, TransactionId } from '@troupe/transactions';
import type { SeededRandom } from '../seeded-random.ts';

/** The newest version of a key; a value of undefined: it was removed. */
interface Entry {
  readonly value: unknown;
  readonly timestamp: Timestamp;
}

export class Disk {
  #records: CommitRecord[] = [];
  #flushed = 0;
  /** Of the process that runs, or ran last. */
  epoch: number | undefined;

  get records(): readonly CommitRecord[] {
    return this.#records;
  }

  /** How many records no crash can take away. */
  get flushed(): number {
    return this.#flushed;
  }

  /** The largest timestamp of a commit. */
  get lastTimestamp(): Timestamp {
    return Math.max(0, ...this.#records.map(({ timestamp }) => timestamp));
  }

  /** No crash can take away the record of this transaction. */
  isFlushed(id: TransactionId): boolean {
    return this.#records.slice(0, this.#flushed).some((record) => record.id === id);
  }

  append(record: CommitRecord): void {
    this.#records.push(record);
  }

  flush(count: number): void {
    this.#flushed += count;
  }

  /** There is no room for the next ones: nothing of them is kept. */
  refuse(count: number): void {
    this.#records.splice(this.#flushed, count);
  }

  /** Answers how many records are gone. */
  crash(random: SeededRandom): number {
    const before = this.#records.length;
    this.#records.length = random.integer(this.#flushed, this.#records.length);
    this.#flushed = this.#records.length;
    return before - this.#flushed;
  }

  /** [table, key, value, timestamp, …] of one partition after every record. */
  stateOf(partition: PartitionId, records: readonly CommitRecord[] = this.#records): unknown[] {
    const tables = new Map<number, Map<StorageKey, Entry>>();
    const tableOf = (table: number): Map<StorageKey, Entry> => {
      const known = tables.get(table) ?? new Map<StorageKey, Entry>();
      tables.set(table, known);
      return known;
    };
    for (const { timestamp, parts } of records) {
      for (let i = 0; i < parts.length; i += 4) {
        if (parts[i] !== partition) continue;
        const writes = parts[i + 2] as readonly unknown[];
        for (const table of parts[i + 3] as readonly number[]) tableOf(table).clear();
        for (let j = 0; j < writes.length; j += 3)
          tableOf(writes[j] as number).set(writes[j + 1] as StorageKey, { value: writes[j + 2], timestamp });
      }
    }
    const state: unknown[] = [];
    for (const [table, entries] of tables)
      for (const [key, { value, timestamp }] of entries)
        if (value !== undefined) state.push(table, key, value, timestamp);
    return state;
  }
}
