/**
 * The items of a stream on their way from one producer: collected in batches, and only so many under way as the window
 * lets through; the reader gives the room of a batch back when he has read it. Pure: sending is a port.
 */
import { assert } from '../assert.ts';
import { streamBatchBytes, streamBatchItems, streamWindowBytes, streamWindowItems } from '../limits.ts';

/** What a batch takes of the window. */
interface BatchSize {
  readonly items: number;
  readonly bytes: number;
}

export class StreamOutflow {
  readonly #send: (items: unknown[], bytes: number) => void;
  readonly #underWay: BatchSize[] = [];
  #items: unknown[] = [];
  #bytes = 0;
  #itemsUnderWay = 0;
  #bytesUnderWay = 0;
  #batches = 0;
  #stopped = false;
  #resume: (() => void) | undefined;

  /** `send` takes a batch, of about `bytes`. */
  constructor(send: (items: unknown[], bytes: number) => void) {
    this.#send = send;
  }

  /** Batches sent. */
  get batches(): number {
    return this.#batches;
  }

  /** True while the window has room for another item. */
  get hasRoom(): boolean {
    return (
      this.#itemsUnderWay + this.#items.length < streamWindowItems &&
      this.#bytesUnderWay + this.#bytes < streamWindowBytes
    );
  }

  /** Items wait for their batch to fill. */
  get hasItems(): boolean {
    return this.#items.length > 0;
  }

  /** Adds an item: a copy of about `bytes`. */
  add(item: unknown, bytes: number): void {
    this.#items.push(item);
    this.#bytes += bytes;
    if (this.#items.length >= streamBatchItems || this.#bytes >= streamBatchBytes) this.flush();
  }

  /** What has been collected leaves now. */
  flush(): void {
    if (this.#items.length === 0 || this.#stopped) return;
    const items = this.#items;
    const size = { items: items.length, bytes: this.#bytes };
    this.#items = [];
    this.#bytes = 0;
    this.#underWay.push(size);
    this.#itemsUnderWay += size.items;
    this.#bytesUnderWay += size.bytes;
    this.#batches++;
    this.#send(items, size.bytes);
  }

  /** The reader has read so many batches. */
  consumed(batches: number): void {
    for (const { items, bytes } of this.#underWay.splice(0, batches)) {
      this.#itemsUnderWay -= items;
      this.#bytesUnderWay -= bytes;
    }
    if (this.hasRoom) this.#wake();
  }

  /** Nobody reads any more. */
  stop(): void {
    this.#stopped = true;
    this.#items = [];
    this.#wake();
  }

  /** Resolves when there is room, or nobody reads any more. For one who waits at a time. */
  async room(): Promise<void> {
    if (this.hasRoom || this.#stopped) return;
    assert(this.#resume === undefined, 'two wait for the room of one stream');
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
  }

  #wake(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}
