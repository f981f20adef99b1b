/**
 * What every storage engine must do, for the tests of any of them: a list of cases, each run with a way to open an engine
 * in a place of its own. Throws AssertionError; imports no test runner.
 */
import assert from 'node:assert/strict';
import {
  type StorageEngine,
  type StorageShape,
  type StoredCommit,
  StoredWriter,
  walkStoredPage,
} from '@troupe/core';

/** Opens an engine in the place of one case; again after `close`: with what it kept, if it is durable. */
export type OpenEngine = (shape: StorageShape) => Promise<StorageEngine>;

export interface StorageEngineCase {
  readonly title: string;
  /** Only for engines that keep data beyond `close`. */
  readonly isAboutReopening: boolean;
  run(open: OpenEngine): Promise<void>;
}

/** One change of a commit. No `key`: the table is cleared first. No `value`: the key is removed. */
export interface StoredChange {
  readonly partition: number;
  readonly table: number;
  readonly key?: string;
  readonly value?: string;
}

/** A commit as hosts send it. The timestamp is its id too. */
export function storedCommit(timestamp: number, changes: readonly StoredChange[]): StoredCommit {
  const parts: unknown[] = [];
  for (const partition of new Set(changes.map((change) => change.partition))) {
    const own = changes.filter((change) => change.partition === partition);
    const writer = new StoredWriter();
    writer.begin(own.filter(({ key }) => key === undefined).map(({ table }) => table));
    for (const { table, key, value } of own) {
      if (key !== undefined) {
        writer.entry(table, Buffer.from(key), value === undefined ? undefined : Buffer.from(value));
      }
    }
    parts.push(partition, 1, writer.take(), 0);
  }
  return { id: timestamp, timestamp, parts };
}

/** A partition as `table/key` → `value@timestamp`. */
export type StoredPicture = Readonly<Record<string, string>>;

/** Throws when an entry comes twice, or as removed. */
export function readPicture(engine: StorageEngine, partition: number): StoredPicture {
  return pictureOf(pagesOf(engine.readPartition(partition)));
}

/** Of pages that were read. */
export function pictureOf(pages: Iterable<Uint8Array>): StoredPicture {
  const picture: Record<string, string> = {};
  for (const page of pages) {
    walkStoredPage(page, {
      entry: (table, key, value, timestamp) => {
        const name = `${table}/${Buffer.from(key).toString()}`;
        assert.ok(value !== undefined, `${name} comes as removed`);
        assert.ok(!Object.hasOwn(picture, name), `${name} comes twice`);
        picture[name] = `${Buffer.from(value).toString()}@${timestamp}`;
      },
    });
  }
  return picture;
}

function* pagesOf(pages: Iterator<Uint8Array>): Iterable<Uint8Array> {
  for (let page = pages.next(); page.done !== true; page = pages.next()) yield page.value;
}

const shape: StorageShape = { partitionCount: 3, tables: ['table one', 'table two'] };

export const storageEngineCases: readonly StorageEngineCase[] = [
  {
    title: 'a new engine is empty and has no past',
    isAboutReopening: false,
    async run(open) {
      const engine = await open(shape);
      assert.equal(engine.startEpoch, undefined);
      assert.equal(engine.lastTimestamp, 0);
      assert.equal(new Set(engine.tableNumbers).size, 2);
      assert.deepEqual(readPicture(engine, 0), {});
      await engine.close();
    },
  },
  {
    title: 'a commit is in every partition it wrote to, whole, from the call on',
    isAboutReopening: false,
    async run(open) {
      const engine = await open(shape);
      const [one, two] = engine.tableNumbers as [number, number];
      const durable = engine.append([
        storedCommit(1, [
          { partition: 0, table: one, key: 'a', value: 'x' },
          { partition: 0, table: two, key: 'a', value: 'y' },
          { partition: 2, table: one, key: 'b', value: '' },
        ]),
      ]);
      assert.deepEqual(readPicture(engine, 0), { [`${one}/a`]: 'x@1', [`${two}/a`]: 'y@1' });
      await durable;
      assert.deepEqual(readPicture(engine, 0), { [`${one}/a`]: 'x@1', [`${two}/a`]: 'y@1' });
      assert.deepEqual(readPicture(engine, 1), {});
      assert.deepEqual(readPicture(engine, 2), { [`${one}/b`]: '@1' });
      await engine.close();
    },
  },
  {
    title:
      'the newest version of a key counts, a removal too, and a clearing comes before the entries of its commit',
    isAboutReopening: false,
    async run(open) {
      const engine = await open(shape);
      const table = engine.tableNumbers[0] as number;
      const put = (timestamp: number, key: string, value?: string): StoredCommit =>
        storedCommit(timestamp, [{ partition: 1, table, key, ...(value === undefined ? {} : { value }) }]);
      await Promise.all([
        engine.append([put(1, 'a', '1'), put(2, 'b', '1')]),
        engine.append([put(3, 'a', '2')]),
        engine.append([put(4, 'b'), put(5, 'c', '1')]),
      ]);
      assert.deepEqual(readPicture(engine, 1), { [`${table}/a`]: '2@3', [`${table}/c`]: '1@5' });
      await engine.append([
        storedCommit(6, [
          { partition: 1, table },
          { partition: 1, table, key: 'd', value: '1' },
        ]),
      ]);
      assert.deepEqual(readPicture(engine, 1), { [`${table}/d`]: '1@6' });
      await engine.close();
    },
  },
  {
    title: 'appends resolve in the order of the calls, an empty one too',
    isAboutReopening: false,
    async run(open) {
      const engine = await open(shape);
      const table = engine.tableNumbers[0] as number;
      const order: number[] = [];
      const append = async (timestamp: number): Promise<void> => {
        const commits =
          timestamp % 5 === 0 ? [] : [storedCommit(timestamp, [{ partition: 0, table, key: 'a' }])];
        await engine.append(commits);
        order.push(timestamp);
      };
      const expected = Array.from({ length: 50 }, (_, index) => index + 1);
      await Promise.all(expected.map(append));
      assert.deepEqual(order, expected);
      await engine.close();
    },
  },
  {
    title: 'keys and values of any size and bytes come back as they were',
    isAboutReopening: false,
    async run(open) {
      const engine = await open(shape);
      const table = engine.tableNumbers[0] as number;
      const keys = [
        '',
        '\0',
        '\uffff',
        'k'.repeat(1_899),
        'k'.repeat(1_900),
        `${'k'.repeat(5_000)}a`,
        `${'k'.repeat(5_000)}b`,
      ];
      const changes = keys.map((key, index) => ({
        partition: 0,
        table,
        key,
        value: 'v'.repeat(index * 40_000),
      }));
      await engine.append([storedCommit(1, changes)]);
      const expected = Object.fromEntries(changes.map(({ key, value }) => [`${table}/${key}`, `${value}@1`]));
      assert.deepEqual(readPicture(engine, 0), expected);
      await engine.close();
    },
  },
  {
    title: 'opened again it has every commit, its epoch, its last timestamp and the numbers of its tables',
    isAboutReopening: true,
    async run(open) {
      const first = await open(shape);
      const [one, two] = first.tableNumbers as [number, number];
      await first.raiseStartEpoch(7);
      await first.append([storedCommit(41, [{ partition: 2, table: two, key: 'a', value: 'x' }])]);
      await first.append([
        storedCommit(42, [{ partition: 0, table: one, key: 'k'.repeat(3_000), value: 'y' }]),
      ]);
      await first.close();
      const again = await open({ partitionCount: 3, tables: ['table two', 'table new', 'table one'] });
      assert.equal(again.startEpoch, 7);
      assert.equal(again.lastTimestamp, 42);
      assert.equal(again.tableNumbers[0], two);
      assert.equal(again.tableNumbers[2], one);
      assert.equal(new Set(again.tableNumbers).size, 3);
      assert.deepEqual(readPicture(again, 2), { [`${two}/a`]: 'x@41' });
      assert.deepEqual(readPicture(again, 0), { [`${one}/${'k'.repeat(3_000)}`]: 'y@42' });
      await again.close();
    },
  },
];
