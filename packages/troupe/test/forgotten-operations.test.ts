/** A body that returns while its operations are under way has a defect: it is told so, and the process lives on. */
import { type Grid, InvalidArgumentError, type Transaction } from 'troupe';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rejection, start, store, topologies } from './running-grid.ts';

const { counters, items } = store;

const forgotten: [string, (tx: Transaction) => unknown][] = [
  ['get', (tx) => tx.table(items).get('b')],
  ['increment', (tx) => tx.table(counters).increment('b')],
  ['getMany', (tx) => tx.table(items).getMany(['a', 'b'])],
  ['deleteMany', (tx) => tx.table(items).deleteMany(['a', 'b'])],
  ['clear', (tx) => tx.table(items).clear()],
  ['size', (tx) => tx.table(items).size()],
  ['a nested transaction', (tx) => tx.transaction((nested) => nested.table(items).get('b'))],
  ['a nested one that waits for something else', (tx) => tx.transaction(() => later())],
];

describe.each(topologies)('a body that does not await, %s,', (_, threads) => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  let grid: Grid;
  beforeEach(async () => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
    grid = await start(threads);
  });
  afterEach(() => {
    process.off('unhandledRejection', note);
  });

  test.each(forgotten)('%s is refused, writes nothing and ends nothing else', async (_name, forget) => {
    const refused = grid.transaction(async (tx) => {
      await tx.table(items).set('a', 1);
      void forget(tx);
    });
    const error = await rejection(refused);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ message: expect.stringMatching(/await each/) });
    await quiet(grid);
    expect(unhandled).toEqual([]);
    expect(await grid.table(items).get('a')).toBeUndefined();
  });

  test('an operation before commit() is refused in the same way', async () => {
    const tx = await grid.begin();
    await tx.table(items).set('a', 1);
    void tx.table(items).get('b');
    expect(await rejection(tx.commit())).toBeInstanceOf(InvalidArgumentError);
    await quiet(grid);
    expect(unhandled).toEqual([]);
    expect(await grid.table(items).get('a')).toBeUndefined();
  });
});

async function later(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** The locks are free again, and the event loop has gone round: whatever nobody handles has been reported. */
async function quiet(grid: Grid): Promise<void> {
  await grid.transaction((tx) => tx.table(items).size());
  await later();
}
