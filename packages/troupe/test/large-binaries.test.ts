/**
 * Large binaries are moved between threads where they can be: nobody may lose what he holds, or see it change, however
 * often it is sent on.
 */
import { createRequire } from 'node:module';
import type { Grid } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { start, topologies } from './running-grid.ts';

const binariesUrl = new URL('./fixtures/binaries.mjs', import.meta.url);
const { blobs, keeper, writeHere } = createRequire(import.meta.url)(
  './fixtures/binaries.mjs',
) as typeof import('./fixtures/binaries.mjs');

/** Spread over the partitions. */
const keys = Array.from({ length: 8 }, (_, i) => `key ${i}`);

function filled(byte: number): Uint8Array {
  return new Uint8Array(300_000).fill(byte);
}

/** Its length, and all the different bytes in it: compared much faster than the whole. */
function pictured(blob: Uint8Array | undefined): [number, number[]] {
  return [blob?.byteLength ?? 0, [...new Set(blob)]];
}

const ofByte = (byte: number): [number, number[]] => [300_000, [byte]];

describe.each(topologies)('%s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { modules: [binariesUrl] });
  });

  test('a table answers what was stored as often as it is asked, whatever became of the original', async () => {
    const table = grid.table(blobs);
    const original = filled(7);
    const stored = keys.map((key) => table.set(key, original));
    original.fill(0);
    await Promise.all(stored);
    for (const key of keys) {
      const first = await table.get(key);
      first?.fill(1);
      expect(pictured(await table.get(key))).toEqual(ofByte(7));
    }
    for (const key of keys) expect(pictured(await table.getAndSet(key, filled(8)))).toEqual(ofByte(7));
    expect(await table.compareAndSet(keys[0] as string, filled(8), filled(9))).toBe(true);
    expect(pictured(await table.get(keys[0] as string))).toEqual(ofByte(9));
  });

  test('what a job stores on the thread of the owner stays there when others read it', async () => {
    for (const key of keys) {
      const answer = await grid.compute.run(
        writeHere,
        { key, blob: filled(5) },
        { at: { table: blobs, key } },
      );
      expect(pictured(answer)).toEqual(ofByte(5));
    }
    for (const key of [...keys, ...keys])
      expect(pictured(await grid.table(blobs).get(key))).toEqual(ofByte(5));
  });

  test('actors keep what they were sent: one by one, many at once, and by tells', async () => {
    const original = filled(3);
    const asked = keys.map((key) => grid.actor(keeper, key).keep(original));
    const told = keys.map((key) => grid.tell(keeper, key).keep(original));
    const askedAll = grid.actors(keeper, keys).keep(original);
    original.fill(0);
    for (const answer of await Promise.all(asked)) expect(pictured(answer)).toEqual(ofByte(3));
    await Promise.all(told);
    expect(await askedAll).toHaveLength(keys.length);
    for (const key of [...keys, ...keys]) {
      const kept = await grid.actor(keeper, key).kept();
      expect(kept.map(pictured)).toEqual([ofByte(3), ofByte(3), ofByte(3)]);
    }
  });

  test('a transaction that fails leaves nothing, the next one everything', async () => {
    const [a, b] = keys as [string, string];
    const keep = async (byte: number): Promise<void> => {
      await grid.tell(keeper, a).keep(filled(byte));
      await grid.actor(keeper, b).keep(filled(byte));
      await grid.table(blobs).set(a, filled(byte));
    };
    const failed = grid.transaction(async () => {
      await keep(1);
      throw new RangeError('no');
    });
    await expect(failed).rejects.toThrow(RangeError);
    await grid.transaction(() => keep(9));
    expect(pictured(await grid.table(blobs).get(a))).toEqual(ofByte(9));
    expect((await grid.actor(keeper, b).kept()).map(pictured)).toEqual([ofByte(9)]);
    expect((await grid.actor(keeper, a).kept()).map(pictured)).toEqual([ofByte(9)]);
  });
});
