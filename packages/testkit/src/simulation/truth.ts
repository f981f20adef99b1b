/**
 * What really became of each transaction, next to what partitions installed. The word of a transaction is the truth;
 * everything that a partition installs is held against it at once, and everything that it should have installed at the
 * end. Each value that clients write is unique for its key, so a value names the operation that wrote it.
 */
import type { PartitionId, StorageKey, Timestamp } from '@troupe/core';
import { PartitionStore } from '@troupe/core';
import type { Coordinator, Outcome, StatusWords } from '@troupe/transactions';

/** One attempt of one transaction, as the world sees it. */
export interface KnownAttempt {
  readonly coordinator: Coordinator;
  readonly words: StatusWords;
  /** Undefined while it runs, and for good when its coordinator's member died. */
  outcome: Outcome | undefined;
  /** What it wants to install, once its body is done. */
  writes: ReadonlyMap<string, number>;
  installedAt: Timestamp | undefined;
}

interface Writer {
  readonly attempts: KnownAttempt[];
}

export interface TruthPorts {
  problem(text: string): void;
  now(): Timestamp;
  partitionOf(key: string): PartitionId;
  /** It lies in the table that is cleared. */
  isCleared(key: string): boolean;
}

export class Truth {
  readonly #ports: TruthPorts;
  readonly #writers = new Map<string, Writer>();
  readonly #attempts: KnownAttempt[] = [];
  readonly #commitTimestamps = new Map<Timestamp, number>();
  /** The latest timestamp that any client has been told of. */
  acknowledged: Timestamp = 0;

  constructor(ports: TruthPorts) {
    this.#ports = ports;
  }

  /** All attempts so far. */
  get attempts(): readonly KnownAttempt[] {
    return this.#attempts;
  }

  began(attempt: KnownAttempt): void {
    this.#attempts.push(attempt);
  }

  /** An attempt is about to commit these writes: the last value appended, by key. */
  wants(attempt: KnownAttempt, writes: ReadonlyMap<string, number>): void {
    attempt.writes = writes;
    for (const [key, value] of writes) {
      const label = `${key}=${value}`;
      const writer = this.#writers.get(label);
      if (writer === undefined) this.#writers.set(label, { attempts: [attempt] });
      else writer.attempts.push(attempt);
    }
  }

  /** A client was told that an operation took effect at this moment, having begun when `floor` was acknowledged. */
  told(timestamp: Timestamp, floor: Timestamp, kind: 'writer' | 'reader'): void {
    if (timestamp < floor || (kind === 'writer' && timestamp === floor)) {
      this.#ports.problem(`timestamps: a ${kind} at ${timestamp} began after ${floor} was acknowledged`);
    }
    this.acknowledged = Math.max(this.acknowledged, timestamp);
  }

  /** A partition has just put a list in place. */
  installed(
    partition: PartitionId,
    key: string,
    list: readonly number[] | undefined,
    timestamp: Timestamp,
  ): void {
    const problem = (text: string): void => this.#ports.problem(text);
    if (timestamp > this.#ports.now())
      problem(`clock: ${key} was installed at ${timestamp}, ahead of the clock`);
    // Plain operations have no other witness, and a removal names nobody.
    const writer = this.#writers.get(`${key}=${list?.at(-1)}`);
    if (writer === undefined) return;
    const attempt = writer.attempts.find((one) => fateOf(one) === 'committed');
    if (attempt === undefined) {
      problem(`atomicity: partition ${partition} installed ${key} of a transaction that never committed`);
      return;
    }
    const { id } = attempt.coordinator;
    attempt.installedAt ??= timestamp;
    const expected = attempt.outcome?.committed === true ? attempt.outcome.timestamp : attempt.installedAt;
    const other = this.#commitTimestamps.get(timestamp);
    this.#commitTimestamps.set(timestamp, id);
    if (attempt.installedAt !== timestamp || expected !== timestamp) {
      problem(
        `timestamps: ${id} committed at ${expected} and was installed at ${timestamp} in partition ${partition}`,
      );
    }
    if (other !== undefined && other !== id)
      problem(`timestamps: ${other} and ${id} both committed at ${timestamp}`);
  }

  /** At the end: whatever was committed stands in every partition that has not been emptied since. */
  checkInstalled(
    holdsAll: (partition: PartitionId, incarnation: number) => boolean,
    listOf: (key: string) => readonly number[] | undefined,
  ): void {
    for (const attempt of this.#attempts) {
      const fate = fateOf(attempt);
      if (fate !== 'committed') continue;
      for (const [key, value] of attempt.writes) {
        // The histories tell of what a table held that is cleared.
        if (this.#ports.isCleared(key)) continue;
        const partition = this.#ports.partitionOf(key);
        const touched = attempt.coordinator.touched.find((one) => one.partition === partition);
        if (touched === undefined || !holdsAll(partition, touched.incarnation)) continue;
        if (listOf(key)?.includes(value) === true) continue;
        this.#ports.problem(
          `atomicity: ${attempt.coordinator.id} committed and partition ${partition} never installed ${key}`,
        );
      }
    }
  }
}

/** How an attempt stands: told by its coordinator, or else by its word. */
export function fateOf({ outcome, words, coordinator }: KnownAttempt): 'active' | 'committed' | 'aborted' {
  if (outcome !== undefined) return outcome.committed ? 'committed' : 'aborted';
  const fate = words.fate(coordinator.slot, coordinator.id);
  return fate === 'committed' || fate === 'aborted' ? fate : 'active';
}

/** A store that reports what is installed in it. */
export class ObservedStore extends PartitionStore {
  readonly #installed: (key: string, list: readonly number[] | undefined, timestamp: Timestamp) => void;

  constructor(
    published: ConstructorParameters<typeof PartitionStore>[0],
    horizon: Timestamp,
    installed: (key: string, list: readonly number[] | undefined, timestamp: Timestamp) => void,
  ) {
    super(published, horizon);
    this.#installed = installed;
  }

  override write(table: number, key: StorageKey, value: unknown, timestamp: Timestamp): void {
    super.write(table, key, value, timestamp);
    // Rows of idempotency keys are judged on their own.
    if (table >= 0) this.#installed(key as string, value as readonly number[] | undefined, timestamp);
  }

  /** What the log held when the partition was created. */
  recover(table: number, key: StorageKey, value: unknown, timestamp: Timestamp): void {
    super.write(table, key, value, timestamp);
  }
}
