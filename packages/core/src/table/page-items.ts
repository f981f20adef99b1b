/** From the pages of an iteration to the items that users see. */
import { fromStorageKey, type StorageKey } from '../key/key.ts';

/** One item of a page, from where it begins. */
export type ItemReader = (page: readonly unknown[], index: number) => unknown;

export const entryAt: ItemReader = (page, index) => [
  fromStorageKey(page[index] as StorageKey),
  page[index + 1],
];
export const keyAt: ItemReader = (page, index) => fromStorageKey(page[index] as StorageKey);
export const valueAt: ItemReader = (page, index) => page[index];

export async function* itemsOf(
  open: () => AsyncIterable<readonly unknown[]>,
  step: number,
  itemAt: ItemReader,
): AsyncGenerator<unknown, void, undefined> {
  for await (const page of open()) for (let i = 0; i < page.length; i += step) yield itemAt(page, i);
}
