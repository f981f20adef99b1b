/** A Map, and an array of its keys in order: what nobody can beat, because nothing leaves the thread. */
import { withTurns } from '../stores/one-shot-store.ts';
import type { Fields, RecordStore } from './record-store.ts';

export async function openMapRecords(): Promise<RecordStore> {
  const records = new Map<string, Fields>();
  const keys: string[] = [];
  const change = withTurns((key: string, field: string, value: string) =>
    records.set(key, { ...records.get(key), [field]: value }),
  );
  return {
    async load(entries) {
      for (const [key, record] of entries) {
        records.set(key, record);
        keys.push(key);
      }
    },
    read: withTurns((key) => records.get(key)),
    update: change,
    modify: change,
    insert: withTurns((key, record) => {
      records.set(key, record);
      keys.splice(placeOf(keys, key), 0, key);
    }),
    scan: withTurns((from, count) => {
      const start = placeOf(keys, from);
      return keys.slice(start, start + count).map((key) => records.get(key) as Fields);
    }),
    size: async () => records.size,
    close: async () => records.clear(),
  };
}

/** Where the first key is that isn't less. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
