/**
 * A stream at its caller: the batches that have come from all of its hosts, in the order of their arrival, and what is
 * still to come. It gives the room of a batch back when all of it has been read, so each host has a window's worth of
 * items under way at most. Pure but for the promise of whoever waits for the next item.
 */
import type { MemberId } from '../mesh/shared-state.ts';

/** One host's part. */
interface Source {
  batches: number;
  /** How many there are in all; undefined until it has ended. */
  expected: number | undefined;
}

interface Batch {
  readonly items: readonly unknown[];
  next: number;
  readonly consumed: () => void;
}

export class StreamReader {
  readonly #sources = new Map<number, Source>();
  readonly #batches: Batch[] = [];
  #failure: { readonly error: unknown } | undefined;
  #delivered = 0;
  #wake: (() => void) | undefined;

  /** Items read. */
  get delivered(): number {
    return this.#delivered;
  }

  /** There will be a source: a host has one at most. */
  expect(host: MemberId): void {
    this.#sources.set(host, { batches: 0, expected: undefined });
  }

  /** A batch has come from a source. `consumed` is called when all of it has been read. */
  add(host: MemberId, items: readonly unknown[], consumed: () => void): void {
    const source = this.#sources.get(host);
    if (source === undefined) return;
    source.batches++;
    this.#batches.push({ items, next: 0, consumed });
    this.#notify();
  }

  /** A source has sent all of its `batches`; some may still be behind this news. */
  sourceEnded(host: MemberId, batches: number): void {
    const source = this.#sources.get(host);
    if (source !== undefined) source.expected = batches;
    this.#notify();
  }

  /** It has failed: what has come can still be read. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#notify();
  }

  /** The next item, or what there is to say when there is none at the moment. Throws what the stream failed with. */
  take(): { readonly item: unknown } | 'wait' | 'end' {
    const batch = this.#batches[0];
    if (batch === undefined) {
      if (this.#failure !== undefined) throw this.#failure.error;
      return this.#isComplete ? 'end' : 'wait';
    }
    const item = batch.items[batch.next++];
    this.#delivered++;
    if (batch.next === batch.items.length) {
      this.#batches.shift();
      batch.consumed();
    }
    return { item };
  }

  /** Resolves when something has changed. For one who waits at a time. */
  change(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  get #isComplete(): boolean {
    for (const { batches, expected } of this.#sources.values()) if (batches !== expected) return false;
    return true;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
