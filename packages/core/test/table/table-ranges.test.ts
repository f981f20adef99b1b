import { type CallOptions, InvalidArgumentError, type Key, newest, TableOp, table } from '@troupe/core';
import { afterEach, describe, expect, test } from 'vitest';
import { oneMember, type SmallGridOptions, type TableMember, twoMembers } from './small-grid.ts';

const plays = table<readonly [customer: number, at: number], string>('plays', {
  affinity: ([customer]) => customer,
});
const names = table<Key, number>('names');

const limits = { cursorsMax: 10, pageEntriesMax: 3, pageBytesMax: 1_000, pageWalkMax: 5 };
const onPlays: SmallGridOptions = { definition: plays, scanLimits: limits };

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

async function filled(member: TableMember): Promise<void> {
  for (const customer of [7, 8, 15, 70]) {
    for (let at = 0; at < 9; at++) await member.table(plays).set([customer, at], `${customer}/${at}`);
  }
}

let members: TableMember[] = [];
afterEach(() => {
  for (const { member } of members) member.close();
  members = [];
});

describe.each(['one member', 'two members'])('a range of a table on %s', (topology) => {
  async function start(options = onPlays): Promise<{ caller: TableMember; owner: TableMember }> {
    const one = topology === 'one member' ? oneMember(options) : undefined;
    const grid = one === undefined ? twoMembers(options) : { caller: one, owner: one };
    members = [grid.caller, grid.owner];
    await filled(grid.caller);
    return grid;
  }

  test('gives the entries from one key up to before another, in every form', async () => {
    const { caller, owner } = await start();
    const range = { from: [7, 3], to: [8, 2] } as const;
    const expected = [3, 4, 5, 6, 7, 8].map((at) => `7/${at}`).concat(['8/0', '8/1']);
    expect(await collect(caller.table(plays).values(range))).toEqual(expected);
    expect((await collect(caller.table(plays).keys(range))).map(String)).toEqual(
      expected.map((value) => value.replace('/', ',')),
    );
    expect((await collect(caller.table(plays).entries(range))).map(([, value]) => value)).toEqual(expected);
    expect(await caller.table(plays).size(range)).toBe(expected.length);
    expect(owner.service.openCursors).toBe(0);
  });

  test('of a prefix gives what begins with it', async () => {
    const { caller } = await start();
    const values = await collect(caller.table(plays).values({ prefix: [7] }));
    expect(values).toEqual(Array.from({ length: 9 }, (_, at) => `7/${at}`));
    expect(await caller.table(plays).size({ prefix: [7, 3] })).toBe(1);
    expect(await caller.table(plays).size({ prefix: [9] })).toBe(0);
    expect(await caller.table(plays).size({ from: [8], to: [8] })).toBe(0);
  });

  test('and an affinity key asks one partition and leaves out strangers in it', async () => {
    const { caller } = await start({ ...onPlays, partitions: 1 });
    expect(await collect(caller.table(plays).values({ affinity: 15 }))).toEqual(
      Array.from({ length: 9 }, (_, at) => `15/${at}`),
    );
    expect(await caller.table(plays).size({ affinity: 70, from: [70, 4] })).toBe(5);
    expect(await caller.table(plays).size({ affinity: 70, prefix: [7] })).toBe(0);
  });

  test('is one moment: what is written while it goes on is not in it', async () => {
    const { caller } = await start();
    const seen: string[] = [];
    for await (const value of caller.table(plays).values({ prefix: [7] })) {
      if (seen.length === 0) {
        for (let at = 9; at < 30; at++) await caller.table(plays).set([7, at], 'late');
        await caller.table(plays).delete([7, 8]);
      }
      seen.push(value);
    }
    expect(seen.sort()).toEqual(Array.from({ length: 9 }, (_, at) => `7/${at}`));
  });

  test('at a snapshot is that of the snapshot', async () => {
    const { caller } = await start();
    const snapshot = caller.snapshots.acquire();
    await caller.table(plays).set([7, 100], 'late');
    const past = caller.tableAt(plays, snapshot);
    expect([await past.size({ prefix: [7] }), await caller.table(plays).size({ prefix: [7] })]).toEqual([
      9, 10,
    ]);
    expect(await collect(past.values({ from: [7, 8], to: [7, 200] }))).toEqual(['7/8']);
    snapshot.release();
  });
});

describe('a range of a table', () => {
  test('sends only what is in it, and looks at a bounded number of entries for a page', async () => {
    const { caller, owner } = twoMembers({ ...onPlays, partitions: 1 });
    members = [caller, owner];
    await filled(caller);
    const message = [TableOp.scan, 0, 0, 0, 0, newest, 1, 0, [8, 9, undefined]];
    const page = (await caller.calls.request(message, 0, undefined)) as unknown[];
    expect(page).toHaveLength(1);
    expect(page[0]).not.toBe(0);
    const keys = await collect(caller.table(plays).keys({ from: [15, 7], to: [70, 1] }));
    expect(keys).toEqual([
      [15, 7],
      [15, 8],
      [70, 0],
    ]);
  });

  test('asks only the partition of the affinity key', async () => {
    const { caller, owner } = twoMembers(onPlays);
    members = [caller, owner];
    await filled(caller);
    const asked = new Set<unknown>();
    const request = caller.calls.request.bind(caller.calls);
    caller.calls.request = (message, bytes, options) => {
      asked.add(message[2]);
      return request(message, bytes, options);
    };
    await collect(caller.table(plays).entries({ affinity: 7 }));
    await caller.table(plays).size({ affinity: 7 });
    expect([...asked]).toEqual([caller.placement.partitionOfAffinity(7)]);
    await caller.table(plays).size({ prefix: [7] });
    expect(asked.size).toBe(caller.placement.partitionCount);
  });

  test('keeps kinds of keys apart', async () => {
    const member = oneMember({ definition: names });
    members = [member];
    const all: Key[] = [true, 1, 1n, '1', [1], 'ab', 'abc', 'b', ['ab']];
    for (const key of all) await member.table(names).set(key, 0);
    const keysIn = async (options: object): Promise<Key[]> => collect(member.table(names).keys(options));
    expect(await keysIn({ prefix: 'ab' })).toEqual(['ab', 'abc']);
    expect(await keysIn({ prefix: '' })).toEqual(['1', 'ab', 'abc', 'b']);
    expect(await keysIn({ to: 1 })).toEqual([true]);
    expect(await member.table(names).size({ from: 1, to: '' })).toBe(2);
    expect(await keysIn({ affinity: 'ab' })).toEqual(['ab']);
  });

  test.each([
    [{ prefx: 1 }, /unknown option `prefx` in options; did you mean `prefix`\?/],
    [{ from: 2, to: 1 }, /from must not come after to/],
    [{ affinity: [] }, /affinity must be a string, number/],
    [{ prefix: 'a', to: 'b' }, /prefix must be given without/],
    [{ timeoutMs: -1 }, /timeoutMs must be a positive number/],
  ])('is refused when it is wrong: %j', async (options, message) => {
    const member = oneMember();
    members = [member];
    const wrong = options as CallOptions;
    await expect(member.table(names).size(wrong)).rejects.toThrow(message);
    await expect(collect(member.table(names).entries(wrong))).rejects.toThrow(InvalidArgumentError);
  });
});
