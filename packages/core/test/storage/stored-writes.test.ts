import { StoredWriter, walkStoredPage, walkStoredWrites } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const bytes = fc.uint8Array({ maxLength: 300 });
const entry = fc.record({
  table: fc.nat(70_000),
  key: bytes,
  value: fc.option(bytes, { nil: undefined }),
  timestamp: fc.nat(Number.MAX_SAFE_INTEGER),
});

describe('the bytes of stored writes', () => {
  it('come back as they went in', () => {
    const writer = new StoredWriter();
    fc.assert(
      fc.property(fc.array(fc.nat(70_000)), fc.array(entry), (cleared, entries) => {
        writer.begin(cleared);
        for (const { table, key, value } of entries) writer.entry(table, key, value);
        const seen: unknown[] = [];
        walkStoredWrites(writer.take(), {
          cleared: (table) => seen.push(table),
          entry: (table, key, value) => seen.push([table, [...key], value && [...value]]),
        });
        expect(seen).toEqual([
          ...cleared,
          ...entries.map(({ table, key, value }) => [table, [...key], value && [...value]]),
        ]);
      }),
    );
  });

  it('come back from a page with their timestamps', () => {
    const writer = new StoredWriter();
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        for (const { timestamp, table, key, value } of entries)
          writer.versioned(timestamp, table, key, value);
        const seen: unknown[] = [];
        walkStoredPage(writer.take(), {
          entry: (table, key, value, timestamp) =>
            seen.push({ table, key: [...key], value: value && [...value], timestamp }),
        });
        expect(seen).toEqual(
          entries.map(({ table, key, value, timestamp }) => ({
            table,
            key: [...key],
            value: value && [...value],
            timestamp,
          })),
        );
      }),
    );
  });

  it('are handed out as views whose slices are copies, though they travel as a Buffer', () => {
    const writer = new StoredWriter();
    writer.begin([]);
    writer.entry(1, Uint8Array.of(1, 2), Uint8Array.of(3, 4));
    const taken = writer.take();
    expect(taken).toBeInstanceOf(Buffer);
    const kept: Uint8Array[] = [];
    walkStoredWrites(taken, {
      entry: (_table, key, value) => kept.push(key.slice(), ...(value === undefined ? [] : [value.slice()])),
    });
    taken.fill(0);
    expect(kept).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
  });

  it('that are cut short are refused', () => {
    const writer = new StoredWriter();
    writer.begin([300]);
    writer.entry(5, new Uint8Array(200), new Uint8Array(200));
    const whole = writer.take();
    const entriesStart = 3;
    for (let length = 0; length < whole.length; length++) {
      if (length === entriesStart) continue;
      expect(() => walkStoredWrites(whole.subarray(0, length), { entry: () => undefined })).toThrow(
        RangeError,
      );
    }
  });
});
