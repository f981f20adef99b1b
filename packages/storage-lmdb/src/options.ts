/** What `lmdb()` takes, checked where it is called and, as plain data, again by nobody. */
import { resolve } from 'node:path';
import { checkOptions, mustBe, mustBeInteger, mustBeName, mustBePositive } from '@troupe/core';
import {
  foldBytesDefault,
  foldMsDefault,
  freeBytesMinDefault,
  markDelayMsDefault,
  unfoldedBytesMaxDefault,
} from './limits.ts';

export interface LmdbOptions {
  /** A folder: an empty one, one that isn't there yet, or one that Troupe has made. Of one grid at a time. */
  readonly path: string;
  /** The log is folded into the checkpoint when it has grown by this many bytes. Default 16 MiB. */
  readonly foldBytes?: number;
  /** And at the latest after so many milliseconds. Default 10,000. */
  readonly foldMs?: number;
  /** Memory for what is not folded yet; commits wait beyond it. At least twice `foldBytes`. Default 128 MiB. */
  readonly unfoldedBytesMax?: number;
  /** Writes are refused with STORAGE_FULL while the disk has fewer bytes left. 0: when it is full. Default 256 MiB. */
  readonly freeBytesMin?: number;
  /**
   * Tables that are no longer defined and whose data goes when the storage is opened, by the names that
   * STORAGE_SHAPE gives. Without it a table that is missing from the definitions is refused.
   */
  readonly dropTables?: readonly string[];
}

/** All of it. `markDelayMs`: how long no commit must come before the last one is marked as flushed. */
export interface EngineOptions extends Required<LmdbOptions> {
  readonly markDelayMs: number;
}

/** Throws InvalidArgumentError. */
export function checkLmdbOptions(options: LmdbOptions): EngineOptions {
  checkOptions(options, 'options', [
    'path',
    'foldBytes',
    'foldMs',
    'unfoldedBytesMax',
    'freeBytesMin',
    'dropTables',
  ]);
  const foldBytes = mustBeInteger(options.foldBytes ?? foldBytesDefault, 'foldBytes', 1, maxBytes);
  const unfoldedBytesMax = mustBeInteger(
    options.unfoldedBytesMax ?? Math.max(unfoldedBytesMaxDefault, 2 * foldBytes),
    'unfoldedBytesMax',
    2 * foldBytes,
    maxBytes,
  );
  const dropTables = options.dropTables ?? [];
  mustBe(Array.isArray(dropTables), 'dropTables', 'an array of names of tables', dropTables);
  return {
    // A thread may be started in another folder than the one in which the path was meant.
    path: resolve(mustBeName(options.path, 'path')),
    foldBytes,
    foldMs: mustBePositive(options.foldMs ?? foldMsDefault, 'foldMs'),
    unfoldedBytesMax,
    freeBytesMin: mustBeInteger(options.freeBytesMin ?? freeBytesMinDefault, 'freeBytesMin', 0, maxBytes),
    dropTables: dropTables.map((name, index) => mustBeName(name, `dropTables[${index}]`)),
    markDelayMs: markDelayMsDefault,
  };
}

const maxBytes = Number.MAX_SAFE_INTEGER;
