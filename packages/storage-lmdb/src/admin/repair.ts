/**
 * Goes on without what is damaged: entries whose checksum is wrong, and frames that can't be read. An act of its own, for
 * it gives up data that was acknowledged; whoever has a backup is better served by it.
 */

import { packState } from '../checkpoint/checkpoint-state.ts';
import type { readEntry } from '../checkpoint/data-entry.ts';
import { Fold } from '../checkpoint/fold.ts';
import { checkPartition } from '../checkpoint/read-partition.ts';
import { checksumSeed, walkPayload } from '../log/frame.ts';
import { FolderLogFiles } from '../log/log-files.ts';
import { segmentsAmong, startLog } from '../log/log-recovery.ts';
import { type ScannedFrame, salvageFrames, scanSegment } from '../log/log-scan.ts';
import { type StoredContents, withContents } from './stored-contents.ts';

export interface RepairReport {
  /** In hexadecimal, as far as a key stands in the checkpoint. */
  readonly droppedEntries: readonly {
    readonly partition: number;
    readonly table: string;
    readonly key: string;
  }[];
  /** Each a group of commits, by the sequence of its frame. */
  readonly droppedFrames: readonly number[];
  /** The files of the log, as they were, under the names they have now. */
  readonly keptFiles: readonly string[];
}

/** The storage must not be in use. Throws StorageError where too little is left to go on from. */
export function repairStorage(path: string): Promise<RepairReport> {
  return withContents(path, 'write', async (contents) => {
    const droppedEntries = dropEntries(contents);
    const { frames, names } = await salvage(contents);
    const { foldedSequence, flushedSequence } = contents.state;
    const lastSequence = Math.max(foldedSequence, flushedSequence, frames.at(-1)?.sequence ?? 0);
    const found = new Set(frames.map(({ sequence }) => sequence));
    const droppedFrames: number[] = [];
    for (let sequence = foldedSequence + 1; sequence <= lastSequence; sequence++) {
      if (!found.has(sequence)) droppedFrames.push(sequence);
    }
    await foldFrames(contents, frames, lastSequence);
    const keptFiles = await renewLog(contents, names, lastSequence);
    return { droppedEntries, droppedFrames, keptFiles };
  });
}

function dropEntries({ store, state, tableNames }: StoredContents): RepairReport['droppedEntries'] {
  const dropped: { partition: number; table: string; key: string }[] = [];
  for (let partition = 0; partition < state.partitionCount; partition++) {
    const damaged: Uint8Array[] = [];
    const visit = (read: ReturnType<typeof readEntry>, key: Uint8Array): void => {
      if (read.kind === 'sound') return;
      const { table, key: text } = read.place;
      dropped.push({ partition, table: tableNames.get(table) ?? `number ${table}`, key: text });
      damaged.push(Buffer.from(key));
    };
    for (const _ of checkPartition(store, partition, visit));
    for (const key of damaged) store.remove(key);
  }
  return dropped;
}

/** Every frame that can be read, in order, each once. */
async function salvage({ path, identity, state }: StoredContents): Promise<{
  readonly frames: readonly ScannedFrame[];
  readonly names: readonly string[];
}> {
  const files = new FolderLogFiles(path);
  const seed = checksumSeed(Buffer.from(identity.id, 'hex'));
  const bySequence = new Map<number, ScannedFrame>();
  const segments = segmentsAmong(await files.list());
  for (const { name, firstSequence } of segments) {
    const read = await files.read(name);
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
    const { frames, end } = scanSegment(bytes, firstSequence, seed);
    for (const frame of [...frames, ...salvageFrames(bytes, end, seed)])
      bySequence.set(frame.sequence, frame);
  }
  const frames = [...bySequence.values()]
    .filter(({ sequence }) => sequence > state.foldedSequence)
    .sort((a, b) => a.sequence - b.sequence);
  return { frames, names: segments.map(({ name }) => name) };
}

async function foldFrames(
  { store, state, unfolded, tableNames }: StoredContents,
  frames: readonly ScannedFrame[],
  lastSequence: number,
): Promise<void> {
  let { lastTimestamp } = state;
  for (const { sequence, payload } of frames) {
    walkPayload(payload, sequence, {
      commit: (timestamp) => {
        lastTimestamp = Math.max(lastTimestamp, timestamp);
      },
      part: (part) => unfolded.add(part),
    });
  }
  await new Fold(store, (table) => tableNames.has(table)).run(unfolded, lastSequence);
  const sequences = { foldedSequence: lastSequence, flushedSequence: lastSequence };
  store.putState(packState({ ...state, ...sequences, lastTimestamp }));
  await store.flushed();
}

/** Interrupted before its end it leaves a storage without a log, which is repaired by running it again. */
async function renewLog(
  { path, identity }: StoredContents,
  names: readonly string[],
  lastSequence: number,
): Promise<readonly string[]> {
  const files = new FolderLogFiles(path);
  const kept: string[] = [];
  for (const name of names) {
    const aside = `repaired-${name}`;
    await files.rename(name, aside);
    kept.push(aside);
  }
  const { file } = await startLog(files, Buffer.from(identity.id, 'hex'), lastSequence);
  await file.close();
  return kept;
}
