/**
 * The engine: a log that answers for commits, a checkpoint that keeps it short, and what the log holds beyond the
 * checkpoint in memory, so that partitions can be read at any time. `open-storage.ts` puts it into a folder.
 *
 * Folds, backups and changes of the state take turns; appends and reads wait for none of them, unless more is unfolded
 * than may be.
 */
import type { RecoveryProgress, StorageEngine, StorageShape, StoredCommit } from '@troupe/core';
import { type CheckpointState, packState } from './checkpoint/checkpoint-state.ts';
import type { DamagedEntry } from './checkpoint/data-entry.ts';
import { Fold } from './checkpoint/fold.ts';
import type { OrderedStore } from './checkpoint/ordered-store.ts';
import { readPages } from './checkpoint/read-partition.ts';
import { freeCheckFullMs } from './limits.ts';
import { FreeSpace } from './log/free-space.ts';
import type { LogFiles } from './log/log-files.ts';
import { continueLog, type LogRecovery, readLog } from './log/log-recovery.ts';
import { nameOfSegment } from './log/log-scan.ts';
import { type LogPlace, LogWriter } from './log/log-writer.ts';
import { checkStructure, pagesOrDamage, stateOf } from './open-checkpoint.ts';
import type { EngineOptions } from './options.ts';
import { matchShape } from './shape.ts';
import { damaged } from './storage-errors.ts';
import { checkpointName } from './storage-folder.ts';
import { PartitionOverlay, Unfolded } from './unfolded.ts';

/** What an engine stands on. Tests hand in a file system and a store that lose what was not flushed. */
export interface EngineParts {
  readonly options: EngineOptions;
  /** In hexadecimal. */
  readonly id: string;
  /** Nothing has been stored yet: a log and a state that are missing are no damage. */
  readonly isNew: boolean;
  readonly files: LogFiles;
  readonly store: OrderedStore;
  readonly now: () => number;
  readonly segmentBytes?: number;
  /** Makes a storage of a copy of the checkpoint. `copy` writes the file it is given the path of. */
  readonly writeBackup: (
    path: string,
    copy: (file: string) => Promise<void>,
    state: CheckpointState,
  ) => Promise<void>;
}

/** Throws StorageError STORAGE_DAMAGED, STORAGE_SHAPE, STORAGE_TOO_NEW, STORAGE_NOT_WRITABLE. */
export async function openEngine(
  parts: EngineParts,
  shape: StorageShape,
  progress: (report: RecoveryProgress) => void,
): Promise<Engine> {
  const { options, store, files, isNew } = parts;
  const { path } = options;
  const fresh = { id: parts.id, partitionCount: shape.partitionCount };
  const stored = stateOf(path, store, isNew ? fresh : undefined);
  if (stored.id !== parts.id) {
    throw damaged(path, 'the checkpoint belongs to another storage', { file: checkpointName });
  }
  checkStructure(path, store, stored.partitionCount);
  const matched = matchShape(path, stored, shape, options.dropTables);
  const unfolded = new Unfolded();
  const id = Buffer.from(parts.id, 'hex');
  const { foldedSequence, flushedSequence } = stored;
  const recovery: LogRecovery = { path, id, files, foldedSequence, flushedSequence, unfolded, progress };
  const log = await readLog(recovery);
  if (log.tail === undefined && !isNew) {
    throw damaged(path, 'there is no log', {
      file: nameOfSegment(foldedSequence + 1),
      sequence: foldedSequence + 1,
    });
  }
  const place = await continueLog(recovery, log);
  const state = { ...matched.state, flushedSequence: log.lastSequence };
  const lastTimestamp = Math.max(state.lastTimestamp, log.lastTimestamp);
  const { tableNumbers } = matched;
  const engine = new Engine(parts, { state, unfolded, place, lastTimestamp, tableNumbers });
  await engine.start(matched.dropped);
  // The first write takes pages that LMDB has listed as free: a damaged list may have named some in use.
  checkStructure(path, store, stored.partitionCount);
  return engine;
}

interface EngineStart {
  readonly state: CheckpointState;
  readonly unfolded: Unfolded;
  readonly place: LogPlace;
  readonly lastTimestamp: number;
  readonly tableNumbers: readonly number[];
}

export class Engine implements StorageEngine {
  readonly startEpoch: number | undefined;
  readonly lastTimestamp: number;
  readonly tableNumbers: readonly number[];
  readonly #parts: EngineParts;
  readonly #unfolded: Unfolded;
  readonly #writer: LogWriter;
  readonly #freeSpace: FreeSpace;
  readonly #fold: Fold;
  readonly #kept: ReadonlySet<number>;
  #state: CheckpointState;
  /** The end of what takes turns. */
  #turns: Promise<unknown> = Promise.resolve();
  #isFoldDue = false;
  /** There was no room for the last one. */
  #isFoldBlocked = false;
  #foldTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: EngineParts, { state, unfolded, place, lastTimestamp, tableNumbers }: EngineStart) {
    const { options, files, store, now } = parts;
    this.#parts = parts;
    this.#state = state;
    this.#unfolded = unfolded;
    this.startEpoch = state.startEpoch;
    this.lastTimestamp = lastTimestamp;
    this.tableNumbers = tableNumbers;
    this.#kept = new Set(Object.values(state.tables));
    this.#fold = new Fold(store, this.#isKept);
    this.#freeSpace = new FreeSpace(files, options.freeBytesMin, now);
    this.#writer = new LogWriter(place, lastTimestamp, {
      path: options.path,
      id: Buffer.from(parts.id, 'hex'),
      files,
      unfolded,
      freeSpace: this.#freeSpace,
      markDelayMs: options.markDelayMs,
      room: () => this.#room(),
      flushed: () => this.#foldWhenDue(),
      ...(parts.segmentBytes === undefined ? {} : { segmentBytes: parts.segmentBytes }),
    });
  }

  /** Before anything else. `dropped`: numbers of tables whose data goes. */
  async start(dropped: readonly number[]): Promise<void> {
    for (const table of dropped) {
      for (let partition = 0; partition < this.#state.partitionCount; partition++) {
        await this.#fold.clear(partition, table);
      }
    }
    await this.#save({});
    this.#foldWhenDue();
  }

  raiseStartEpoch(epoch: number): Promise<void> {
    return this.#inTurn(() => this.#save({ startEpoch: epoch }));
  }

  append(commits: readonly StoredCommit[]): Promise<void> {
    return this.#writer.append(commits);
  }

  readPartition(partition: number): Iterator<Uint8Array> {
    const overlay = new PartitionOverlay();
    for (const part of this.#unfolded.of(partition)) overlay.add(part, this.#isKept);
    for (const part of this.#writer.readWaiting(partition)) overlay.add(part, this.#isKept);
    const { store, options } = this.#parts;
    const damagedEntry = (place: DamagedEntry): Error => this.#damagedEntry(options.path, place);
    const pages = readPages(partition, overlay, { store, damaged: damagedEntry, isKept: this.#isKept });
    return pagesOrDamage(options.path, partition, pages);
  }

  async backup(path: string): Promise<void> {
    await this.#writer.barrier();
    await this.#inTurn(async () => {
      await this.#foldAll();
      const { store, writeBackup } = this.#parts;
      await writeBackup(path, (file) => store.copyTo(file), this.#state);
    });
  }

  /** Folds what has been flushed by now. */
  fold(): Promise<void> {
    return this.#inTurn(() => this.#foldAll());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#foldTimer);
    await this.#writer.close();
    // What the log holds need not be folded now; that it must be there is worth a record.
    if (this.#writer.failure === undefined) await this.#inTurn(() => this.#save({}));
    await this.#turns;
    await this.#parts.store.close();
  }

  readonly #isKept = (table: number): boolean => this.#kept.has(table);

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(action);
    this.#turns = turn.catch(() => undefined);
    return turn;
  }

  /** Durable when it resolves. */
  async #save(changes: Partial<CheckpointState>): Promise<void> {
    const { store } = this.#parts;
    const { flushedSequence, failure } = this.#writer;
    if (failure !== undefined) throw failure;
    const state = { ...this.#state, ...changes, flushedSequence };
    try {
      store.putState(packState(state));
      await store.flushed();
    } catch (error) {
      throw this.#writer.fail('a write to the checkpoint', error);
    }
    this.#state = state;
  }

  async #foldAll(): Promise<void> {
    const { flushedSequence: foldedSequence, lastTimestamp, failure } = this.#writer;
    if (failure !== undefined) throw failure;
    if (foldedSequence === this.#state.foldedSequence) return;
    try {
      await this.#fold.run(this.#unfolded, foldedSequence);
    } catch (error) {
      throw this.#writer.fail('a write to the checkpoint', error);
    }
    await this.#save({ foldedSequence, lastTimestamp });
    this.#unfolded.forgetUpTo(foldedSequence);
    await this.#writer.removeSegments(foldedSequence);
  }

  #foldWhenDue(): void {
    if (this.#isFoldDue || this.#isClosed || this.#unfolded.isEmpty) return;
    const { foldBytes, foldMs } = this.#parts.options;
    if (this.#unfolded.bytes >= foldBytes) this.#foldSoon();
    else if (Number.isFinite(foldMs)) this.#foldIn(foldMs);
  }

  #foldIn(ms: number): void {
    this.#foldTimer ??= setTimeout(() => this.#foldSoon(), ms).unref();
  }

  #foldSoon(): void {
    clearTimeout(this.#foldTimer);
    this.#foldTimer = undefined;
    if (this.#isFoldDue || this.#isClosed) return;
    this.#isFoldDue = true;
    const ended = (): void => {
      this.#isFoldDue = false;
    };
    // A failure has ended the writer, which tells whoever writes.
    void this.#inTurn(() => this.#foldIfRoom()).then(
      () => {
        ended();
        if (!this.#isFoldBlocked) this.#foldWhenDue();
        else if (!this.#isClosed) this.#foldIn(freeCheckFullMs);
      },
      () => ended(),
    );
  }

  /** A checkpoint that met a full disk could not go on, so it waits while it might. */
  async #foldIfRoom(): Promise<void> {
    const freeBytes = await this.#parts.files.freeBytes().catch(() => Number.POSITIVE_INFINITY);
    this.#isFoldBlocked = freeBytes < 2 * this.#unfolded.bytes;
    if (!this.#isFoldBlocked) await this.#foldAll();
    else if (this.#isOverfull()) this.#freeSpace.ranOut();
  }

  #isOverfull(): boolean {
    return this.#unfolded.bytes >= this.#parts.options.unfoldedBytesMax;
  }

  async #room(): Promise<void> {
    while (this.#isOverfull() && this.#writer.failure === undefined) {
      this.#foldSoon();
      await this.#turns;
      // The writes are refused, which is better than to wait for a disk to be cleaned up.
      if (this.#isFoldBlocked) return;
    }
  }

  #damagedEntry(path: string, { partition, table: number, key }: DamagedEntry): Error {
    const name = Object.entries(this.#state.tables).find(([, of]) => of === number)?.[0];
    const table = name ?? `number ${number}`;
    return damaged(path, "an entry's checksum is wrong", { file: checkpointName, partition, table, key });
  }
}
