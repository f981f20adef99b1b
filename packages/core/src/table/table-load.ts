/**
 * Loads a stream of items: asks the source for one after the other, collects them in a page for each partition, and
 * sends a page when it is full. Of one partition one page is under way at a time, so items of one key take effect in
 * their order; of one host a few. While a full page finds no room the source is not asked for more, and what is
 * collected is bounded too, so memory doesn't grow with the stream.
 *
 * An item that is wrong, and a page that can't be brought to its partition, are noted as failed and the others go on.
 * What ends all of it: an error of the source or of `onProgress`, the signal, the end of the grid.
 */
import { copyValue } from '../codec/value.ts';
import { GridClosedError } from '../errors/errors.ts';
import { loadBufferBytesMax, loadFailedKeptMax, loadPageBytesMax } from '../limits.ts';
import { onAbort } from '../mesh/on-abort.ts';
import type { MemberId, PartitionId } from '../mesh/shared-state.ts';
import type { Placement } from '../partition/placement.ts';
import { copyToStore } from './copy-to-store.ts';
import type { FailedItem, LoadResult, LoadSettings } from './load-options.ts';
import { ItemPage, placeItem } from './load-page.ts';
import type { PageSender } from './page-sender.ts';
import type { TableHandle } from './table-executor.ts';

export interface TableLoadParts {
  readonly table: TableHandle;
  readonly placement: Placement;
  readonly sender: PageSender;
  readonly settings: LoadSettings;
}

type Source = Iterator<unknown> | AsyncIterator<unknown>;

export class TableLoad {
  readonly #parts: TableLoadParts;
  /** Collected, by partition. */
  readonly #pages = new Map<PartitionId, ItemPage>();
  #collectedBytes = 0;
  readonly #inFlight = new Set<PartitionId>();
  readonly #inFlightOf = new Map<MemberId, number>();
  readonly #failed: FailedItem[] = [];
  #failedCount = 0;
  #written = 0;
  #end: { readonly error: unknown } | undefined;
  /** Ends the wait for a page. */
  #wake: (() => void) | undefined;
  /** Ends the wait for the source. */
  #leaveSource: ((error: unknown) => void) | undefined;

  readonly #copyOf: (value: unknown, name: string) => unknown;

  constructor(parts: TableLoadParts) {
    this.#parts = parts;
    const { definition } = parts.table;
    // What a receiver is given need be no value of the table.
    const isStored = parts.settings.receiver === undefined;
    this.#copyOf = isStored ? (value, name) => copyToStore(value, name, definition) : copyValue;
  }

  async run(source: Source): Promise<LoadResult> {
    const { signal } = this.#parts.settings;
    const unlisten = signal && onAbort(signal, () => this.#endWith(signal.reason));
    let isDone = false;
    try {
      signal?.throwIfAborted();
      isDone = await this.#collectAll(source);
      for (const page of this.#pages.values()) await this.#send(page);
    } catch (error) {
      this.#endWith(error);
    }
    if (!isDone) leave(source);
    while (this.#inFlight.size > 0) await this.#change();
    unlisten?.();
    if (this.#end !== undefined) throw this.#end.error;
    return { written: this.#written, failed: this.#failed, failedCount: this.#failedCount };
  }

  /** True when the source has ended by itself. */
  async #collectAll(source: Source): Promise<boolean> {
    for (;;) {
      const step = await this.#next(source);
      if (step.done === true) return true;
      const page = this.#collect(step.value);
      if (page === undefined) continue;
      const isFull = page.items.length >= this.#parts.settings.pageSize || page.bytes >= loadPageBytesMax;
      if (isFull) await this.#send(page);
      else if (this.#collectedBytes >= loadBufferBytesMax) await this.#send(this.#largest());
    }
  }

  /** The next step of the source, or the end of the load when that comes first. */
  async #next(source: Source): Promise<IteratorResult<unknown>> {
    const step = source.next();
    // Entries that are there already cost no turn.
    const isThere = !('then' in step);
    const next = isThere
      ? step
      : await new Promise<IteratorResult<unknown>>((resolve, reject) => {
          this.#leaveSource = reject;
          step.then(resolve, reject);
        });
    this.#throwIfEnded();
    return next;
  }

  /** The page the item has been added to; undefined for an item that is wrong. */
  #collect(given: unknown): ItemPage | undefined {
    const { table, placement } = this.#parts;
    try {
      const placed = placeItem(given, table, placement, this.#copyOf);
      let page = this.#pages.get(placed.partition);
      if (page === undefined) {
        page = new ItemPage(placed.partition);
        this.#pages.set(placed.partition, page);
      }
      page.add(placed);
      this.#collectedBytes += placed.bytes;
      return page;
    } catch (error) {
      this.#note(given, error);
      return undefined;
    }
  }

  #largest(): ItemPage {
    return [...this.#pages.values()].reduce((a, b) => (a.bytes >= b.bytes ? a : b));
  }

  /** Resolves when the page is on its way. */
  async #send(page: ItemPage): Promise<void> {
    const { placement, settings } = this.#parts;
    const owner = placement.ownerOf(page.partition);
    while (
      this.#inFlight.has(page.partition) ||
      (this.#inFlightOf.get(owner) ?? 0) >= settings.parallelPages
    ) {
      await this.#change();
      this.#throwIfEnded();
    }
    this.#throwIfEnded();
    this.#pages.delete(page.partition);
    this.#collectedBytes -= page.bytes;
    this.#inFlight.add(page.partition);
    this.#inFlightOf.set(owner, (this.#inFlightOf.get(owner) ?? 0) + 1);
    void this.#bring(page, owner);
  }

  /** Never rejects. */
  async #bring(page: ItemPage, owner: MemberId): Promise<void> {
    const { sender, settings } = this.#parts;
    try {
      await sender.send(page);
      this.#written += page.items.length;
    } catch (error) {
      if (settings.signal?.aborted === true || error instanceof GridClosedError) this.#endWith(error);
      else for (const item of page.items) this.#note(item, error);
    }
    this.#inFlight.delete(page.partition);
    this.#inFlightOf.set(owner, (this.#inFlightOf.get(owner) ?? 1) - 1);
    try {
      settings.onProgress?.({ written: this.#written, failed: this.#failedCount });
    } catch (error) {
      this.#endWith(error);
    }
    this.#notify();
  }

  #note(item: unknown, error: unknown): void {
    if (this.#failedCount++ < loadFailedKeptMax) this.#failed.push({ item: ownCopy(item), error });
  }

  /** The first counts. */
  #endWith(error: unknown): void {
    this.#end ??= { error };
    this.#leaveSource?.(error);
    this.#notify();
  }

  #throwIfEnded(): void {
    if (this.#end !== undefined) throw this.#end.error;
  }

  #change(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #notify(): void {
    this.#wake?.();
  }
}

/** What was collected may be stored already, on this thread; what is wrong may not be copied. */
function ownCopy(item: unknown): unknown {
  try {
    return copyValue(item, 'item');
  } catch {
    return item;
  }
}

/** Not waited for: a source in the middle of its own wait can't be left before that ends. */
function leave(source: Source): void {
  void (async () => source.return?.())().catch(() => undefined);
}
