/**
 * Moves what the log holds up to a sequence into the checkpoint: of each key the newest version, in the order of keys,
 * in slices between which appends and reads go on.
 *
 * Why it may be interrupted anywhere: until the state that names the new sequence is durable, every frame from the old
 * one on is still in the log, and counts as unfolded. For a key that those frames touch (or whose table they clear) the
 * log decides whatever the checkpoint holds; of any other key the fold changes nothing. So a fold that is begun again,
 * even by a process that has more frames by now, ends as if it had never been begun before. Writes reach the disk in
 * order, so the state is never there without the entries.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { foldSliceEntries, foldWritesMax } from '../limits.ts';
import { keyText, PartitionOverlay, type TableOverlay, type Unfolded } from '../unfolded.ts';
import { dataKey, dataKeyAt, dataValueAt, endOf, startOf } from './data-entry.ts';
import type { OrderedStore } from './ordered-store.ts';

export class Fold {
  readonly #store: OrderedStore;
  readonly #isKept: (table: number) => boolean;
  #sinceTurn = 0;
  #sinceWritten = 0;

  constructor(store: OrderedStore, isKept: (table: number) => boolean) {
    this.#store = store;
    this.#isKept = isKept;
  }

  /** The writes are visible afterwards, not yet durable. */
  async run(unfolded: Unfolded, lastSequence: number): Promise<void> {
    for (const partition of unfolded.partitions()) {
      const overlay = new PartitionOverlay();
      let walked = 0;
      for (const part of unfolded.of(partition, lastSequence)) {
        overlay.add(part, this.#isKept);
        await this.#worked(overlay.walked - walked);
        walked = overlay.walked;
      }
      const tables = [...overlay.tables].sort(([a], [b]) => a - b);
      for (const [table, changes] of tables) await this.#write(partition, table, changes);
    }
    await this.#store.written();
  }

  /** Removes every entry of a table in one partition but those in `kept`. */
  async clear(partition: number, table: number, kept?: ReadonlySet<string>): Promise<void> {
    const end = endOf(partition, table);
    let after: Uint8Array | undefined;
    for (;;) {
      const keys: Uint8Array[] = [];
      const start = after ?? startOf(partition, table);
      for (const { key } of this.#store.range({ start, isExclusive: after !== undefined, end })) {
        keys.push(key);
        if (keys.length === foldSliceEntries) break;
      }
      for (const key of keys) if (kept?.has(keyText(key)) !== true) this.#store.remove(key);
      await this.#wrote(keys.length);
      if (keys.length < foldSliceEntries) return;
      after = keys.at(-1);
    }
  }

  async #write(partition: number, table: number, { isCleared, entries }: TableOverlay): Promise<void> {
    if (isCleared) {
      const kept = new Set<string>();
      for (const { key, isRemoved } of entries.values()) {
        if (!isRemoved) kept.add(keyText(dataKey(partition, table, key)));
      }
      await this.clear(partition, table, kept);
    }
    const texts = [...entries.keys()];
    for (let from = 0; from < texts.length; from += foldSliceEntries) {
      // Sorted by slices: a sort of everything would hold up appends.
      const slice = texts.slice(from, from + foldSliceEntries).sort();
      for (const text of slice) {
        const entry = entries.get(text);
        if (entry === undefined) continue;
        const key = dataKeyAt(partition, table, entry);
        if (entry.isRemoved) this.#store.remove(key);
        else this.#store.put(key, dataValueAt(key, entry));
      }
      await this.#wrote(slice.length);
    }
  }

  async #wrote(entries: number): Promise<void> {
    this.#sinceWritten += entries;
    if (this.#sinceWritten >= foldWritesMax) {
      this.#sinceWritten = 0;
      await this.#store.written();
    }
    await this.#worked(entries);
  }

  async #worked(entries: number): Promise<void> {
    this.#sinceTurn += entries;
    if (this.#sinceTurn < foldSliceEntries) return;
    this.#sinceTurn = 0;
    await nextTurn();
  }
}
