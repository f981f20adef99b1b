/** The errors of the engine: one sentence what is wrong, one what to do, the facts in `details`. */
import { StorageError, type StorageErrorCode } from '@troupe/core';

export function storageError(
  code: StorageErrorCode,
  path: string,
  message: string,
  more: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
): StorageError {
  const details = { path, ...more.details };
  return new StorageError(
    code,
    `The storage at ${path} ${message}`,
    'cause' in more ? { details, cause: more.cause } : { details },
  );
}

/** Where damage was found, for the message and for `details`. */
export interface DamagePlace {
  readonly file: string;
  readonly position?: number;
  readonly sequence?: number;
  readonly partition?: number;
  readonly table?: string;
  readonly key?: string;
}

export function damaged(path: string, what: string, place: DamagePlace, cause?: unknown): StorageError {
  const where = Object.entries(place)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
  return storageError(
    'STORAGE_DAMAGED',
    path,
    `is damaged: ${what} (${where}). Restore a backup, or see with \`npx troupe inspect-storage PATH\` what is wrong and ` +
      'with `npx troupe repair-storage PATH` go on without it.',
    cause === undefined ? { details: { ...place } } : { details: { ...place }, cause },
  );
}

export function notWritable(path: string, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return storageError('STORAGE_NOT_WRITABLE', path, `can't be written to: ${reason}.`, { cause });
}

/** The disk, or LMDB, has refused something while the storage was opened. */
export function failedToOpen(path: string, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return storageError('STORAGE_FAILED', path, `failed while it was opened: ${reason}.`, { cause });
}

/** The code of an error of Node: 'ENOSPC'. */
export function systemCode(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** No room on the disk, or none left for this user. */
export function isNoSpace(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
