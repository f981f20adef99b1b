/**
 * A walk over one table of a partition that may rest between steps while the partition goes on. It gives each key at
 * most once.
 *
 * - At a snapshot: exactly what the snapshot holds. A key that the snapshot has keeps its place in the Map for as long
 *   as the snapshot is needed, because a deletion leaves a tombstone; a key that enters later is newer than it.
 * - Over what is newest: the keys that were there when the walk began and still are when it comes to them, with the
 *   value they have then. A key removed and added again may move to the end of the Map, where a walk would meet it a
 *   second time; the epoch in which it became present tells, so it is left out.
 *
 * The fields are read after each `advance()` that answered true, which spares an object for every entry.
 */
import type { StorageKey } from '../key/key.ts';
import type { Timestamp } from '../mesh/shared-state.ts';
import { type TableVersions, type Version, versionAt } from './table-versions.ts';

export class VersionCursor {
  key: StorageKey = '';
  /** The version that holds the value. */
  version: Version | undefined;
  /** The stored value: not to be changed. */
  value: unknown;
  readonly #versions: ReadonlyMap<StorageKey, Version>;
  #entries: IterableIterator<[StorageKey, Version]> | undefined;
  readonly #snapshot: Timestamp;
  readonly #epoch: number;
  readonly #checkReadable: (snapshot: Timestamp) => void;

  /** `checkReadable` throws when the snapshot's versions are gone. */
  constructor(table: TableVersions, snapshot: Timestamp, checkReadable: (snapshot: Timestamp) => void) {
    this.#snapshot = snapshot;
    this.#checkReadable = checkReadable;
    this.#epoch = snapshot === newestVersions ? ++table.epoch : Number.POSITIVE_INFINITY;
    this.#versions = table.versions;
  }

  /** Moves to the next entry. False: there is none. Throws SnapshotTooOldError when the snapshot can't be read on. */
  advance(): boolean {
    if (this.#snapshot !== newestVersions) this.#checkReadable(this.#snapshot);
    this.#entries ??= this.#versions.entries();
    for (;;) {
      const step = this.#entries.next();
      if (step.done === true) return false;
      const [key, version] = step.value;
      const seen = this.#seen(version);
      if (seen === undefined || seen.value === undefined) continue;
      this.key = key;
      this.version = seen;
      this.value = seen.value;
      return true;
    }
  }

  /** Visits all that `advance` would still come to, within this call: many times as fast. */
  visitRest(visit: (key: StorageKey, version: Version) => void): void {
    if (this.#entries !== undefined) {
      while (this.advance()) visit(this.key, this.version as Version);
      return;
    }
    if (this.#snapshot !== newestVersions) this.#checkReadable(this.#snapshot);
    this.#versions.forEach((version, key) => {
      const seen = this.#seen(version);
      if (seen !== undefined && seen.value !== undefined) visit(key, seen);
    });
  }

  #seen(version: Version): Version | undefined {
    if (this.#snapshot !== newestVersions) return versionAt(version, this.#snapshot);
    return version.epoch < this.#epoch ? version : undefined;
  }
}

/** In place of a snapshot: what is newest. */
export const newestVersions: Timestamp = 0;
