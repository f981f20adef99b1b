/**
 * The memory of one partition: every table's share of it, in versions. Pure and synchronous; it knows nothing of
 * locks, and trusts its callers that the timestamps of one key ascend.
 *
 * - A value given to `write` belongs to the store, one that `read` answers too: neither is ever changed. What code at
 *   the owner sees through the `…Local` methods is deep-frozen, so that this is certain.
 * - A superseded version is kept only while a published snapshot is older than the one that superseded it. Dropping it
 *   raises the `horizon`: a snapshot below the horizon is refused with SNAPSHOT_TOO_OLD rather than answered wrong.
 * - Tables with negative numbers are **hidden**: the layers above keep books in them that nobody reads at a snapshot.
 * - A partition created anew begins with the clock as its horizon: it can't know what its predecessor held.
 */
import { assert } from '../assert.ts';
import { SnapshotTooOldError } from '../errors/errors.ts';
import type { StorageKey } from '../key/key.ts';
import type { Timestamp } from '../mesh/shared-state.ts';
import { ownerView } from './owner-view.ts';
import { SupersededQueue } from './superseded-queue.ts';
import { OwnerView, TableVersions, Version, valueAt, versionAt } from './table-versions.ts';
import { newestVersions, VersionCursor } from './version-cursor.ts';

export { newestVersions, type Version, type VersionCursor };

/** What a store asks the world; SharedState answers it. */
export interface SnapshotPublication {
  /** The oldest snapshot that anybody reads, or a timestamp beyond all when nobody does. */
  oldestSnapshot(): Timestamp;
}

/** Tables -1 to minus this may be used. Tables are stored from this index on: an array has no negative ones. */
const hiddenTables = 8;

/** More than one, so that the queue shrinks while writes go on; small, so that no write pays for many. */
const prunedPerWrite = 2;

export class PartitionStore {
  readonly #published: SnapshotPublication;
  readonly #tables: (TableVersions | undefined)[] = Array.from({ length: hiddenTables }, () => undefined);
  readonly #superseded = new SupersededQueue();
  readonly #checkReadable = (snapshot: Timestamp): void => this.checkReadable(snapshot);
  #horizon: Timestamp;

  constructor(published: SnapshotPublication, horizon: Timestamp) {
    this.#published = published;
    this.#horizon = horizon;
  }

  /** Snapshots below this timestamp can't be read any more. */
  get horizon(): Timestamp {
    return this.#horizon;
  }

  /** Superseded versions and tombstones that are kept for snapshots. */
  get supersededCount(): number {
    return this.#superseded.length;
  }

  /** The newest value of a key, undefined when there is none. */
  read(table: number, key: StorageKey): unknown {
    return this.newest(table, key)?.value;
  }

  /** The newest version of a key, a tombstone or undefined when there is none. Nothing of it is to be changed. */
  newest(table: number, key: StorageKey): Version | undefined {
    return this.#tables[table + hiddenTables]?.versions.get(key);
  }

  /** The value of a key at a snapshot. Throws SnapshotTooOldError below the horizon. */
  readAt(table: number, key: StorageKey, snapshot: Timestamp): unknown {
    this.checkReadable(snapshot);
    return valueAt(this.#tables[table + hiddenTables]?.versions.get(key), snapshot);
  }

  /** As `read`, for code at the owner: deep-frozen, or a frozen copy where the value holds binaries. */
  readLocal(table: number, key: StorageKey): unknown {
    const newest = this.#tables[table + hiddenTables]?.versions.get(key);
    return newest === undefined ? undefined : ownerView(newest);
  }

  /** As `readAt`, for code at the owner. */
  readLocalAt(table: number, key: StorageKey, snapshot: Timestamp): unknown {
    this.checkReadable(snapshot);
    const version = versionAt(this.#tables[table + hiddenTables]?.versions.get(key), snapshot);
    return version === undefined ? undefined : ownerView(version);
  }

  /**
   * Puts a value in place, undefined to remove it. The timestamp is later than the last one of this key; equal is
   * allowed, because one commit may clear a table and then write to it. `known`: what `newest` answered, if nobody else
   * can have written to the key since; it spares a search.
   */
  write(table: number, key: StorageKey, value: unknown, timestamp: Timestamp, known?: Version): void {
    const share = this.#mustGet(table);
    // A version with a value stays in its place until somebody writes; a tombstone may have been pruned.
    const newest = known?.value === undefined ? share.versions.get(key) : known;
    if (newest !== undefined) this.#supersede(share, key, newest, value, timestamp);
    else if (value !== undefined) this.#insert(share, key, value, timestamp);
    if (this.#superseded.length > 0) this.prune(prunedPerWrite);
  }

  /** Removes every entry of a table. */
  clear(table: number, timestamp: Timestamp): void {
    const share = this.#mustGet(table);
    if (share.versions.size === 0) return;
    if (this.#published.oldestSnapshot() < timestamp) {
      for (const [key, newest] of share.versions) this.#supersede(share, key, newest, undefined, timestamp);
      return;
    }
    share.versions.clear();
    share.live = 0;
    share.lastWrite = Math.max(share.lastWrite, timestamp);
    this.#raiseHorizon(timestamp);
  }

  /** Removes an entry of a hidden table with all its versions, at no moment: no snapshot asks for it. */
  forget(table: number, key: StorageKey): void {
    const share = this.#tables[table + hiddenTables];
    const newest = share?.versions.get(key);
    if (share === undefined || newest === undefined) return;
    share.versions.delete(key);
    if (newest.value !== undefined) share.live--;
  }

  /** How many entries a table has now. */
  size(table: number): number {
    return this.#tables[table + hiddenTables]?.live ?? 0;
  }

  /** How many entries a table had at a snapshot. Walks the table if it has been written to since. */
  sizeAt(table: number, snapshot: Timestamp): number {
    this.checkReadable(snapshot);
    const share = this.#tables[table + hiddenTables];
    if (share === undefined) return 0;
    if (share.lastWrite <= snapshot) return share.live;
    let count = 0;
    for (const newest of share.versions.values()) if (valueAt(newest, snapshot) !== undefined) count++;
    return count;
  }

  /** A walk over a table at a snapshot, or over what is newest when the snapshot is `newestVersions`. */
  iterate(table: number, snapshot: Timestamp): VersionCursor {
    if (snapshot !== newestVersions) this.checkReadable(snapshot);
    return new VersionCursor(this.#mustGet(table), snapshot, this.#checkReadable);
  }

  /** Throws SnapshotTooOldError when versions that this snapshot needs may be gone. */
  checkReadable(snapshot: Timestamp): void {
    if (snapshot < this.#horizon) throw snapshotTooOld(snapshot, this.#horizon);
  }

  /** Drops at most `countMax` superseded versions that no snapshot needs; how many. Writes do this; idle owners may. */
  prune(countMax: number): number {
    const oldest = this.#published.oldestSnapshot();
    let count = 0;
    for (; count < countMax; count++) {
      const first = this.#superseded.first;
      if (first === undefined || first.version.timestamp > oldest) return count;
      this.#superseded.shift();
      const { table, key, version } = first;
      version.previous = undefined;
      if (version.value === undefined && table.versions.get(key) === version) table.versions.delete(key);
      this.#raiseHorizon(version.timestamp);
    }
    return count;
  }

  #insert(share: TableVersions, key: StorageKey, value: unknown, timestamp: Timestamp): void {
    share.versions.set(key, new Version(value, timestamp, undefined, share.epoch));
    share.live++;
    share.lastWrite = Math.max(share.lastWrite, timestamp);
  }

  #supersede(
    share: TableVersions,
    key: StorageKey,
    newest: Version,
    value: unknown,
    timestamp: Timestamp,
  ): void {
    assert(newest.timestamp <= timestamp, 'the versions of a key are written out of order');
    if (newest.value === undefined && value === undefined) return;
    if (newest.value === undefined) share.live++;
    else if (value === undefined) share.live--;
    share.lastWrite = Math.max(share.lastWrite, timestamp);
    if (newest.timestamp === timestamp) this.#overwrite(share, key, newest, value);
    else if (this.#published.oldestSnapshot() < timestamp) this.#keep(share, key, newest, value, timestamp);
    else this.#replace(share, key, newest, value, timestamp);
  }

  /** The same commit writes again; what is behind stays as it is. */
  #overwrite(share: TableVersions, key: StorageKey, newest: Version, value: unknown): void {
    newest.value = value;
    newest.ownerView = OwnerView.unknown;
    if (value === undefined) this.#superseded.push({ table: share, key, version: newest });
  }

  #keep(share: TableVersions, key: StorageKey, newest: Version, value: unknown, timestamp: Timestamp): void {
    const epoch = newest.value === undefined ? share.epoch : newest.epoch;
    const version = new Version(value, timestamp, newest, epoch);
    share.versions.set(key, version);
    this.#superseded.push({ table: share, key, version });
  }

  #replace(
    share: TableVersions,
    key: StorageKey,
    newest: Version,
    value: unknown,
    timestamp: Timestamp,
  ): void {
    if (value === undefined) share.versions.delete(key);
    else if (newest.value === undefined) newest.epoch = share.epoch;
    newest.value = value;
    newest.ownerView = OwnerView.unknown;
    newest.timestamp = timestamp;
    newest.previous = undefined;
    this.#raiseHorizon(timestamp);
  }

  #raiseHorizon(timestamp: Timestamp): void {
    if (timestamp > this.#horizon) this.#horizon = timestamp;
  }

  #mustGet(table: number): TableVersions {
    const share = this.#tables[table + hiddenTables];
    if (share !== undefined) return share;
    const created = new TableVersions();
    this.#tables[table + hiddenTables] = created;
    return created;
  }
}

function snapshotTooOld(snapshot: Timestamp, horizon: Timestamp): SnapshotTooOldError {
  return new SnapshotTooOldError(
    'the snapshot is older than what this partition still remembers: it was held too long, the partition was created anew, or the past it asks for is kept no longer (grid option `retentionMs`); begin a new one',
    { details: { snapshot, horizon } },
  );
}
