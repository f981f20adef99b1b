/** The table of records, and what is done at its owners. Loaded on every host. */
import { mapReduce, procedure, table } from 'troupe';
import type { Fields } from './record-store.ts';

export const records = table<string, Fields>('records');

export const setField = procedure('setField', {
  keys: (key: string, _field: string, _value: string) => [records.key(key)],
  async run(transaction, key, field, value) {
    const table = transaction.table(records);
    await table.set(key, { ...(await table.get(key)), [field]: value });
  },
});

/** All that the partitions have found, in order. Without an ordered index each of them looks at all of its keys. */
export const nextRecords = mapReduce('nextRecords', {
  map(context, { from, count }: { from: string; count: number }) {
    const found = [...context.local(records).entries({ from })];
    return found.toSorted(byKey).slice(0, count);
  },
  reduce: (parts) => parts.flat().toSorted(byKey),
});

function byKey([a]: readonly [string, Fields], [b]: readonly [string, Fields]): number {
  return a < b ? -1 : 1;
}
