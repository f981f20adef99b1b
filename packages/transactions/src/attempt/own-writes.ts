/**
 * What a transaction has written to one table, laid over what is stored there: how an iteration shows a transaction its
 * own view. `OwnWrites` is noted when the iteration begins; what the body writes meanwhile is not part of it.
 */
import { copyValue, ScanPart, type StorageKey } from '@troupe/core';
import type { Cell } from '../protocol/workspace.ts';

export interface OwnWrites {
  /** Nothing that is stored counts. */
  readonly isCleared: boolean;
  /** Undefined for a key that it removed. */
  readonly values: ReadonlyMap<StorageKey, unknown>;
}

/** What these cells of a table have been written; of the keys that `isWanted`, or of all. */
export function ownWrites(
  cells: readonly Cell[],
  isCleared: boolean,
  isWanted?: (key: StorageKey) => boolean,
): OwnWrites {
  const values = new Map<StorageKey, unknown>();
  for (const { written, key, own } of cells) if (written && isWanted?.(key) !== false) values.set(key, own);
  return { isCleared, values };
}

/** [cleared, key, value, key, value, …]: as messages carry them. */
export function toMessage({ isCleared, values }: OwnWrites): unknown[] {
  const message: unknown[] = [isCleared ? 1 : 0];
  for (const [key, value] of values) message.push(key, copyValue(value, 'value'));
  return message;
}

export function fromMessage(message: readonly unknown[]): OwnWrites {
  const values = new Map<StorageKey, unknown>();
  for (let i = 1; i < message.length; i += 2) values.set(message[i] as StorageKey, message[i + 1]);
  return { isCleared: message[0] === 1, values };
}

/** The pages of a table as the transaction sees it. `storedPages` are entries; `check` throws when it has ended. */
export async function* layOver(
  own: OwnWrites,
  part: ScanPart,
  storedPages: () => AsyncIterable<readonly unknown[]>,
  check: () => void,
): AsyncGenerator<readonly unknown[], void, undefined> {
  if (!own.isCleared) {
    // Keys come along always, because own writes have to be told from what is stored.
    for await (const page of storedPages()) {
      check();
      const untouched = stored(page, part, own);
      if (untouched.length > 0) yield untouched;
    }
  }
  const written = inForm(own, part);
  if (written.length > 0) yield written;
}

function inForm({ values }: OwnWrites, part: ScanPart): unknown[] {
  const items: unknown[] = [];
  for (const [key, value] of values) {
    if (value === undefined) continue;
    if (part !== ScanPart.values) items.push(key);
    if (part !== ScanPart.keys) items.push(copyValue(value, 'value'));
  }
  return items;
}

/** What of a page of entries the transaction hasn't overwritten, in the form asked for. */
function stored(page: readonly unknown[], part: ScanPart, { values }: OwnWrites): unknown[] {
  const kept: unknown[] = [];
  for (let i = 0; i < page.length; i += 2) {
    if (values.has(page[i] as StorageKey)) continue;
    if (part !== ScanPart.values) kept.push(page[i]);
    if (part !== ScanPart.keys) kept.push(page[i + 1]);
  }
  return kept;
}
