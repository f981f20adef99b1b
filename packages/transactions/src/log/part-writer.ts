/** What one commit changes in one partition, in the form in which it goes to the log: built here, kept there. */
import type { StorageKey } from '@troupe/core';

/** Builds one part after the other. */
export interface PartWriter {
  /** Of the part so far, where it is made of bytes. */
  readonly bytes: number;
  /** `cleared`: the tables to empty first. */
  begin(cleared: readonly number[]): void;
  /** `value` undefined: the key is removed. */
  write(table: number, key: StorageKey, value: unknown): void;
  /** Puts what the message carries of the part, its writes and cleared tables, behind `parts`. */
  takeInto(parts: unknown[]): void;
}

/** Carries values as they are: for a log that keeps no bytes. */
export class PlainPartWriter implements PartWriter {
  readonly bytes = 0;
  #writes: unknown[] = [];
  #cleared: readonly number[] = [];

  begin(cleared: readonly number[]): void {
    this.#writes = [];
    this.#cleared = cleared;
  }

  write(table: number, key: StorageKey, value: unknown): void {
    this.#writes.push(table, key, value);
  }

  takeInto(parts: unknown[]): void {
    parts.push(this.#writes, this.#cleared);
  }
}
