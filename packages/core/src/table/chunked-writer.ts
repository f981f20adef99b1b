/**
 * Writes a stream of entries in pieces, each of them one atomic write. A few pieces are under way at once to hide the
 * round trip; the stream is asked for more only when one of them has ended. A piece that repeats a key of one that is
 * under way waits for it, so that of equal keys the last wins here too.
 */
import type { StorageKey } from '../key/key.ts';
import { writeChunkBytesMax, writeChunkEntriesMax, writeChunksInFlightMax } from '../limits.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { Placement } from '../partition/placement.ts';
import { EntryBatch } from './entry-batch.ts';
import type { TableExecutor, TableHandle } from './table-executor.ts';

export class ChunkedWriter {
  readonly #executor: Pick<TableExecutor, 'setMany'>;
  readonly #table: TableHandle;
  readonly #placement: Placement;
  readonly #options: CallOptions | undefined;
  readonly #inFlight = new Set<Promise<void>>();
  /** Keys of the pieces under way; a piece takes its own out when it ends. */
  readonly #keysInFlight = new Set<StorageKey>();
  #batch: EntryBatch;
  #repeatsKey = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    executor: Pick<TableExecutor, 'setMany'>,
    table: TableHandle,
    placement: Placement,
    options: CallOptions | undefined,
  ) {
    this.#executor = executor;
    this.#table = table;
    this.#placement = placement;
    this.#options = options;
    this.#batch = new EntryBatch(table, placement);
  }

  /** Resolves when everything is written. Rejects with the first failure, after what was under way has ended. */
  async write(entries: AsyncIterable<unknown>): Promise<void> {
    let index = 0;
    try {
      for await (const entry of entries) {
        const { key } = this.#batch.add(entry, index++);
        if (this.#keysInFlight.has(key)) this.#repeatsKey = true;
        if (this.#isFull()) await this.#send();
        if (this.#failure !== undefined) break;
      }
      if (this.#batch.keys.length > 0 && this.#failure === undefined) await this.#send();
    } finally {
      await this.#atMostInFlight(0);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #isFull(): boolean {
    const { keys, bytes } = this.#batch;
    return keys.length >= writeChunkEntriesMax || bytes >= writeChunkBytesMax;
  }

  async #send(): Promise<void> {
    await this.#atMostInFlight(this.#repeatsKey ? 0 : writeChunksInFlightMax - 1);
    if (this.#failure !== undefined) return;
    const batch = this.#batch;
    this.#batch = new EntryBatch(this.#table, this.#placement);
    this.#repeatsKey = false;
    for (const { key } of batch.keys) this.#keysInFlight.add(key);
    const written: Promise<void> = this.#writeBatch(batch).finally(() => this.#inFlight.delete(written));
    this.#inFlight.add(written);
  }

  /** Never rejects. */
  async #writeBatch({ keys, values, bytes }: EntryBatch): Promise<void> {
    try {
      await this.#executor.setMany(this.#table, keys, values, bytes, this.#options);
    } catch (error) {
      this.#failure ??= { error };
    }
    for (const { key } of keys) this.#keysInFlight.delete(key);
  }

  async #atMostInFlight(count: number): Promise<void> {
    while (this.#inFlight.size > count) await Promise.race(this.#inFlight);
  }
}
