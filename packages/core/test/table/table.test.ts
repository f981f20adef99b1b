import {
  type CallOptions,
  InvalidArgumentError,
  type Key,
  type PlacedKey,
  Placement,
  Table,
  type TableExecutor,
  TableOp,
  table,
  ValueNotSupportedError,
} from '@troupe/core';
import { describe, expect, test } from 'vitest';

/** Remembers what a table asked for and answers with `answer`. */
class RecordingExecutor implements TableExecutor {
  readonly calls: unknown[][] = [];
  answer: unknown;

  one(...call: Parameters<TableExecutor['one']>): Promise<unknown> {
    this.calls.push(call);
    return Promise.resolve(this.answer);
  }

  getMany(_: unknown, keys: readonly PlacedKey[]): Promise<unknown[]> {
    this.calls.push(['getMany', keys]);
    return Promise.resolve([]);
  }

  setMany(_: unknown, keys: readonly PlacedKey[], values: readonly unknown[], bytes: number): Promise<void> {
    this.calls.push(['setMany', keys.map(({ key }) => key), values, bytes]);
    return Promise.resolve();
  }

  insertMany(_: unknown, keys: readonly PlacedKey[], ...rest: readonly unknown[]): Promise<number[]> {
    this.calls.push(['insertMany', keys.map(({ key }) => key), ...rest]);
    return Promise.resolve([keys.length - 1]);
  }

  update(...[, key, , change]: Parameters<TableExecutor['update']>): Promise<unknown> {
    this.calls.push(['update', key]);
    return change({ list: [1] });
  }

  deleteMany(_: unknown, keys: readonly PlacedKey[]): Promise<number> {
    this.calls.push(['deleteMany', keys]);
    return Promise.resolve(keys.length);
  }

  clear(): Promise<void> {
    this.calls.push(['clear']);
    return Promise.resolve();
  }

  size(): Promise<number> {
    this.calls.push(['size']);
    return Promise.resolve(0);
  }

  async *scan(): AsyncGenerator<readonly unknown[], void, undefined> {
    this.calls.push(['scan']);
    yield [];
  }
}

const placement = Placement.roundRobin(8, [0]);
const definition = table<Key, unknown>('accounts');

function recorded(): { accounts: Table<Key, unknown>; executor: RecordingExecutor } {
  const executor = new RecordingExecutor();
  return { accounts: new Table({ definition, id: 3 }, placement, () => executor), executor };
}

/** A table whose types accept anything, as a caller without types would use it. */
type Untyped = Record<string, (...args: readonly unknown[]) => Promise<unknown>>;

const wrongCalls: readonly (readonly [
  title: string,
  call: (accounts: Untyped) => Promise<unknown>,
  message: string,
])[] = [
  ['get without a key', (t) => t['get']?.() as Promise<unknown>, 'key must be a string, number'],
  ['get of a NaN', (t) => t['get']?.(Number.NaN) as Promise<unknown>, 'got NaN'],
  ['set of undefined', (t) => t['set']?.('k', undefined) as Promise<unknown>, 'use delete()'],
  ['insert of undefined', (t) => t['insert']?.('k') as Promise<unknown>, 'use delete()'],
  ['increment by text', (t) => t['increment']?.('k', '1') as Promise<unknown>, 'by must be a finite number'],
  [
    'increment by NaN',
    (t) => t['increment']?.('k', Number.NaN) as Promise<unknown>,
    'by must be a finite number',
  ],
  [
    'increment by a number from a bigint',
    (t) => t['increment']?.('k', 1, { initial: 1n }) as Promise<unknown>,
    'initial must be a number',
  ],
  ['getMany of a text', (t) => t['getMany']?.('abc') as Promise<unknown>, 'keys must be an array'],
  ['getMany of a wrong key', (t) => t['getMany']?.(['a', null]) as Promise<unknown>, 'keys[1] must be'],
  ['deleteMany of nothing', (t) => t['deleteMany']?.() as Promise<unknown>, 'keys must be an array'],
  ['setMany of an object', (t) => t['setMany']?.({ a: 1 }) as Promise<unknown>, 'entries must be a Map'],
  [
    'setMany of no pairs',
    (t) => t['setMany']?.(['ab']) as Promise<unknown>,
    'entries[0] must be a [key, value] pair',
  ],
  [
    'setMany of a wrong key',
    (t) =>
      t['setMany']?.([
        ['a', 1],
        [{}, 1],
      ]) as Promise<unknown>,
    'entries[1][0] must be',
  ],
  [
    'setMany of undefined',
    (t) => t['setMany']?.([['a', undefined]]) as Promise<unknown>,
    'entries[0][1] must not be',
  ],
  [
    'a misspelt option',
    (t) => t['get']?.('k', { timeoutMS: 5 }) as Promise<unknown>,
    'did you mean `timeoutMs`?',
  ],
  [
    'a time-out of zero',
    (t) => t['size']?.({ timeoutMs: 0 }) as Promise<unknown>,
    'timeoutMs must be a positive',
  ],
  [
    'a signal that is none',
    (t) => t['clear']?.({ signal: {} }) as Promise<unknown>,
    'signal must be an AbortSignal',
  ],
  [
    '`initial` where nothing starts',
    (t) => t['get']?.('k', { initial: 1 }) as Promise<unknown>,
    'unknown option',
  ],
];

describe('a table', () => {
  test.each(wrongCalls)('rejects %s, and asks nobody', async (_, call, message) => {
    const { accounts, executor } = recorded();
    const rejection = call(accounts as unknown as Untyped).then(
      () => undefined,
      (error: unknown) => error,
    );
    const error = await rejection;
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as Error).message).toContain(message);
    expect(executor.calls).toEqual([]);
  });

  test('ends an iteration with a wrong option at its first step', async () => {
    const { accounts, executor } = recorded();
    for (const part of ['entries', 'keys', 'values'] as const) {
      const iteration = accounts[part]({ timeout: 5 } as CallOptions);
      await expect(iteration.next()).rejects.toThrow('did you mean `timeoutMs`?');
    }
    expect(executor.calls).toEqual([]);
  });

  test('refuses a value that cannot be stored with the path to what is wrong', async () => {
    const { accounts } = recorded();
    const value = { list: [() => 1] };
    await expect(accounts.set('k', value)).rejects.toThrow(ValueNotSupportedError);
    await expect(accounts.set('k', value)).rejects.toThrow('value.list[0]');
    await expect(accounts.compareAndSet('k', value, 1)).rejects.toThrow('expected.list[0]');
    await expect(accounts.setMany([['k', value]])).rejects.toThrow('entries[0][1].list[0]');
  });

  test('rejects when the executor cannot be had or throws, and never throws itself', async () => {
    const broken = new Table<Key, number>({ definition, id: 3 }, placement, () => {
      throw new Error('closed');
    });
    const calls = [
      () => broken.get('k'),
      () => broken.set('k', 1),
      () => broken.increment('k'),
      () => broken.getMany(['k']),
      () => broken.setMany([['k', 1]]),
      () => broken.size(),
      () => broken.clear(),
      () => broken.keys().next(),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow('closed');
  });

  test('hands the executor the operation, the stored key, its partition and copies of the values', async () => {
    const { accounts, executor } = recorded();
    const value = { balance: 1 };
    const done = accounts.set(['a', 1], value);
    value.balance = 2;
    await done;
    const key = '\u0000s1:an1;';
    const partition = placement.partitionOf(definition, ['a', 1], key);
    expect(executor.calls).toEqual([
      [TableOp.set, { definition, id: 3 }, key, partition, [{ balance: 1 }], expect.any(Number), undefined],
    ]);
  });

  test('places keys by the affinity function', async () => {
    const executor = new RecordingExecutor();
    const plays = table<[customer: number, at: number], string>('plays', {
      affinity: ([customer]) => customer,
    });
    const view = new Table({ definition: plays, id: 0 }, placement, () => executor);
    await view.get([7, 1]);
    await view.get([7, 2]);
    const partitions = executor.calls.map((call) => call[3]);
    expect(partitions).toEqual([placement.partitionOfAffinity(7), placement.partitionOfAffinity(7)]);
  });

  test('passes options on as they are', async () => {
    const { accounts, executor } = recorded();
    const options = { timeoutMs: 5, signal: new AbortController().signal };
    await accounts.has('k', options);
    expect(executor.calls[0]?.[6]).toBe(options);
  });

  test('says in insertMany whether nothing was there, or which keys were', async () => {
    const { accounts, executor } = recorded();
    const entries = [
      ['a', 1],
      [['b', 2], 3],
    ] as const;
    expect(await accounts.insertMany(entries)).toBe(false);
    expect(await accounts.insertMany(new Map<Key, unknown>(entries), { partial: true })).toEqual([['b', 2]]);
    expect(executor.calls.map(([, , values, , mode]) => [values, mode])).toEqual([
      [[1, 3], 'all'],
      [[1, 3], 'absent'],
    ]);
  });

  test('gives the executor of update a function whose answers are copies', async () => {
    const { accounts } = recorded();
    const answer = { list: [2] };
    const stored = accounts.update('a', (current) => {
      expect(current).toEqual({ list: [1] });
      return answer;
    });
    expect(await stored).toEqual(answer);
    expect(await stored).not.toBe(answer);
  });

  test('takes Map and any iterable of pairs in setMany', async () => {
    const { accounts, executor } = recorded();
    await accounts.setMany(new Map([['a', 1]]));
    await accounts.setMany(
      (function* () {
        yield ['b', 2] as const;
      })(),
    );
    expect(executor.calls.map(([, keys, values]) => [keys, values])).toEqual([
      [['a'], [1]],
      [['b'], [2]],
    ]);
  });
});
