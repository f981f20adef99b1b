/** A grid: single operations, a procedure where a field changes, a map-reduce for scans. */
import { startGrid } from 'troupe';
import type { Params } from '../scenario.ts';
import type { RecordStore } from './record-store.ts';
import { nextRecords, records, setField } from './troupe-definitions.ts';

export async function openTroupeRecords({ hosts, partitions }: Params): Promise<RecordStore> {
  const modules = [new URL('./troupe-definitions.js', import.meta.url)];
  const grid = await startGrid({ modules, threads: hosts, partitions });
  const table = grid.table(records);
  const change = (key: string, field: string, value: string): Promise<unknown> =>
    grid.run(setField, key, field, value);
  return {
    async load(entries) {
      async function* all() {
        yield* entries;
      }
      await table.setMany(all());
    },
    read: (key) => table.get(key),
    update: change,
    modify: change,
    insert: (key, record) => table.set(key, record),
    async scan(from, count) {
      const found = await grid.compute.run(nextRecords, { from, count }, { over: records });
      return found.slice(0, count).map(([, record]) => record);
    },
    size: () => table.size(),
    close: () => grid.close(),
  };
}
