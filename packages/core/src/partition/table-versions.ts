/**
 * One table's share of a partition: for each key its newest version and, behind it, the older ones that a snapshot
 * may still read. The Map of JavaScript does the rest: it finds a key at once and can be walked while it changes.
 *
 * What a deletion leaves behind while a snapshot may need the key is a *tombstone*, a version without a value.
 */
import type { StorageKey } from '../key/key.ts';
import type { Timestamp } from '../mesh/shared-state.ts';

/** What code at the owner may be handed of a version's value; see `owner-view.ts`. */
export const OwnerView = { unknown: 0, value: 1, copy: 2 } as const;
export type OwnerView = (typeof OwnerView)[keyof typeof OwnerView];

/** One version of an entry. Few fields, always the same, because there may be millions. */
export class Version {
  /** Undefined in a tombstone. Shared with readers: replaced, never changed inside. */
  value: unknown;
  timestamp: Timestamp;
  previous: Version | undefined;
  /** The table's `epoch` when the key became present; see `VersionCursor`. */
  epoch: number;
  ownerView: OwnerView = OwnerView.unknown;

  constructor(value: unknown, timestamp: Timestamp, previous: Version | undefined, epoch: number) {
    this.value = value;
    this.timestamp = timestamp;
    this.previous = previous;
    this.epoch = epoch;
  }
}

export class TableVersions {
  readonly versions = new Map<StorageKey, Version>();
  /** Keys whose newest version has a value. */
  live = 0;
  /** The latest write to any key. */
  lastWrite: Timestamp = 0;
  /** Rises with every cursor over what is newest. */
  epoch = 0;
}

/** The newest version at or before `snapshot`, of a chain that begins with `newest`. */
export function versionAt(newest: Version | undefined, snapshot: Timestamp): Version | undefined {
  let version = newest;
  while (version !== undefined && version.timestamp > snapshot) version = version.previous;
  return version;
}

/** Its value. */
export function valueAt(newest: Version | undefined, snapshot: Timestamp): unknown {
  return versionAt(newest, snapshot)?.value;
}
