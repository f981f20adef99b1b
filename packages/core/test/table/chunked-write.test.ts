import {
  type Key,
  type PlacedKey,
  Placement,
  Table,
  type TableExecutor,
  table,
  writeChunkBytesMax,
  writeChunkEntriesMax,
  writeChunksInFlightMax,
} from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';

interface Chunk {
  readonly keys: readonly unknown[];
  readonly finish: () => void;
  readonly fail: (error: Error) => void;
}

/** Lets the test decide when each chunk ends. */
class ManualWrites {
  readonly underWay: Chunk[] = [];
  readonly sizes: number[] = [];

  setMany(_: unknown, keys: readonly PlacedKey[]): Promise<void> {
    this.sizes.push(keys.length);
    return new Promise<void>((resolve, reject) => {
      this.underWay.push({ keys: keys.map(({ key }) => key), finish: resolve, fail: reject });
    });
  }

  async finishAll(): Promise<void> {
    for (;;) {
      await turns();
      const chunk = this.underWay.shift();
      if (chunk === undefined) return;
      chunk.finish();
    }
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(setImmediate);
}

/** Counts what was taken from it and whether it was left. */
class Source {
  taken = 0;
  left = false;

  async *entries(count: number, entryAt: (index: number) => [Key, unknown]): AsyncGenerator<[Key, unknown]> {
    try {
      for (let i = 0; i < count; i++) {
        this.taken++;
        yield entryAt(i);
      }
    } finally {
      this.left = true;
    }
  }
}

let writes: ManualWrites;
let source: Source;
let numbers: Table<Key, unknown>;

beforeEach(() => {
  writes = new ManualWrites();
  source = new Source();
  numbers = new Table(
    { definition: table<Key, unknown>('numbers'), id: 0 },
    Placement.roundRobin(4, [0]),
    () => {
      return writes as unknown as TableExecutor;
    },
  );
});

describe('setMany of an async iterable', () => {
  test('writes pieces of bounded size', async () => {
    const done = numbers.setMany(source.entries(writeChunkEntriesMax * 2 + 1, (i) => [i, i]));
    await writes.finishAll();
    await done;
    expect(writes.sizes).toEqual([writeChunkEntriesMax, writeChunkEntriesMax, 1]);
  });

  test('closes a piece early when its values are large', async () => {
    const large = 'x'.repeat(writeChunkBytesMax / 2);
    const done = numbers.setMany(source.entries(5, (i) => [i, large]));
    await writes.finishAll();
    await done;
    expect(writes.sizes).toEqual([2, 2, 1]);
  });

  test('takes no more from the stream while enough pieces are under way', async () => {
    const done = numbers.setMany(source.entries(writeChunkEntriesMax * 20, (i) => [i, i]));
    await turns();
    expect(writes.underWay).toHaveLength(writeChunksInFlightMax);
    expect(source.taken).toBe(writeChunkEntriesMax * (writeChunksInFlightMax + 1));
    writes.underWay.shift()?.finish();
    await turns();
    expect(source.taken).toBe(writeChunkEntriesMax * (writeChunksInFlightMax + 2));
    await writes.finishAll();
    await done;
    expect(source.taken).toBe(writeChunkEntriesMax * 20);
  });

  test('holds a piece back that repeats a key of one under way, so that the last wins', async () => {
    const done = numbers.setMany(
      source.entries(writeChunkEntriesMax + 1, (i) => [i % writeChunkEntriesMax, i]),
    );
    await turns();
    expect(writes.sizes).toEqual([writeChunkEntriesMax]);
    writes.underWay.shift()?.finish();
    await turns();
    expect(writes.underWay.map(({ keys }) => keys)).toEqual([[0]]);
    await writes.finishAll();
    await done;
  });

  test('ends with the first failure, leaves the stream and waits for what is under way', async () => {
    const done = numbers.setMany(source.entries(writeChunkEntriesMax * 20, (i) => [i, i]));
    let ended = false;
    const watched = done.finally(() => (ended = true)).catch((error: unknown) => error);
    await turns();
    writes.underWay[1]?.fail(new Error('refused'));
    await turns();
    expect(source.left).toBe(true);
    expect(ended).toBe(false);
    await writes.finishAll();
    expect(await watched).toEqual(new Error('refused'));
    expect(writes.sizes).toHaveLength(writeChunksInFlightMax);
  });

  test('passes a failure of the stream on', async () => {
    const failing = (async function* () {
      yield ['a', 1] as [Key, unknown];
      throw new Error('source broke');
    })();
    await expect(numbers.setMany(failing)).rejects.toThrow('source broke');
    expect(writes.sizes).toEqual([]);
  });
});
