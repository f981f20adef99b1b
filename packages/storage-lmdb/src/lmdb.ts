/** What users hand to a grid. */
import type { Storage } from '@troupe/core';
import { checkLmdbOptions, type LmdbOptions } from './options.ts';

/**
 * Keeps the data of a grid on disk: commits in a log that is flushed before they are answered for, and a checkpoint of
 * them in LMDB. Opens nothing yet. Throws InvalidArgumentError.
 */
export function lmdb(options: LmdbOptions): Storage {
  return {
    kind: 'storage',
    name: 'lmdb',
    module: new URL('./open-storage.js', import.meta.url).href,
    options: checkLmdbOptions(options),
  };
}
