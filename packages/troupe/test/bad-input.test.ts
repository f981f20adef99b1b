/**
 * What every public function does with arguments that are wrong: it refuses with a code, in a sentence that names the
 * argument, and nothing has changed. Callers in JavaScript have no compiler, so the calls are made without types.
 */
import { inspect } from 'node:util';
import * as troupe from 'troupe';
import { type Grid, TroupeError } from 'troupe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect, rejection, store, storeUrl } from './running-grid.ts';

/** What a JavaScript caller sees: anything may be called with anything. */
interface Loose {
  (...args: unknown[]): Loose;
  readonly [name: string]: Loose;
}
const loose = (value: unknown): Loose => value as Loose;
const { startGrid, table, actor, procedure } = loose(troupe) as Loose &
  Record<'startGrid' | 'table' | 'actor' | 'procedure', Loose>;
const { clerk, items, transfer } = store;

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;
class Point {
  x = 1;
}
let deep: unknown = 1;
for (let i = 0; i < 300; i++) deep = [deep];
const foreign = troupe.table('foreign');
const twin = troupe.table('items');
const noop = (): void => undefined;

type Case = readonly [what: string, call: (grid: Loose) => unknown, names: RegExp, code?: string];

const invalid = 'INVALID_ARGUMENT';
const unsupported = 'VALUE_NOT_SUPPORTED';

const keyCases: Case[] = [undefined, null, Number.NaN, {}, [], [[1]], noop, Symbol('s'), new Date()].flatMap(
  (key): Case[] => {
    const shown = inspect(key);
    const on = (name: string, ...args: unknown[]): Case => [
      `table.${name} of key ${shown}`,
      (grid) => grid['table']?.(items)[name]?.(key, ...args),
      /key.* must be a string, number/,
    ];
    return [
      on('get'),
      on('set', 1),
      on('has'),
      on('delete'),
      on('take'),
      on('insert', 1),
      on('replace', 1),
      on('compareAndSet', 1, 2),
      on('getAndSet', 1),
      on('increment'),
      [`getMany of key ${shown}`, (grid) => grid['table']?.(items)['getMany']?.(['a', key]), /keys\[1\]/],
      [
        `deleteMany of key ${shown}`,
        (grid) => grid['table']?.(items)['deleteMany']?.(['a', key]),
        /keys\[1\]/,
      ],
      [
        `update of key ${shown}`,
        (grid) => grid['table']?.(items)['update']?.(key, () => 9),
        /key.* must be a string, number/,
      ],
      [
        `insertMany of key ${shown}`,
        (grid) =>
          grid['table']?.(items)['insertMany']?.([
            ['b', 9],
            [key, 9],
          ]),
        /entries\[1\]\[0\]/,
      ],
      [
        `setMany of key ${shown}`,
        (grid) =>
          grid['table']?.(items)['setMany']?.([
            ['a', 9],
            [key, 9],
          ]),
        /entries\[1\]\[0\]/,
      ],
      [`actor with key ${shown}`, (grid) => grid['actor']?.(clerk, key)['add']?.(1), /key of actor 'clerk'/],
      [`tell with key ${shown}`, (grid) => grid['tell']?.(clerk, key)['add']?.(1), /key of actor 'clerk'/],
      [
        `transaction with declared key ${shown}`,
        (grid) =>
          grid['transaction']?.(noop, { keys: [loose(items)['key']?.('a'), loose(items)['key']?.(key)] }),
        /keys\[1\]/,
      ],
    ];
  },
);

const values: readonly (readonly [string, unknown, string])[] = [
  ['a function', { list: [1, noop] }, unsupported],
  ['a symbol', { s: Symbol('s') }, unsupported],
  ['a cycle', cycle, unsupported],
  ['an instance of a class', { point: new Point() }, unsupported],
  ['a promise', Promise.resolve(), unsupported],
  ['an error', new Error('data'), unsupported],
  ['a WeakMap', new WeakMap(), unsupported],
  ['a key called __proto__', JSON.parse('{"__proto__": 1}'), unsupported],
  ['too deep a nesting', deep, 'VALUE_TOO_LARGE'],
  ['too large a value', 'x'.repeat(17 * 2 ** 20), 'VALUE_TOO_LARGE'],
];
const valueCases: Case[] = values.flatMap(([what, value, code]): Case[] => [
  [`set of ${what}`, (grid) => grid['table']?.(items)['set']?.('a', value), /^value/, code],
  [`insert of ${what}`, (grid) => grid['table']?.(items)['insert']?.('new', value), /^value/, code],
  [`replace of ${what}`, (grid) => grid['table']?.(items)['replace']?.('a', value), /^value/, code],
  [`getAndSet of ${what}`, (grid) => grid['table']?.(items)['getAndSet']?.('a', value), /^value/, code],
  [
    `compareAndSet from ${what}`,
    (grid) => grid['table']?.(items)['compareAndSet']?.('a', value, 1),
    /^expected/,
    code,
  ],
  [
    `compareAndSet to ${what}`,
    (grid) => grid['table']?.(items)['compareAndSet']?.('a', 1, value),
    /^value/,
    code,
  ],
  [
    `setMany of ${what}`,
    (grid) =>
      grid['table']?.(items)['setMany']?.([
        ['a', 9],
        ['b', value],
      ]),
    /entries\[1\]/,
    code,
  ],
  [
    `insertMany of ${what}`,
    (grid) =>
      grid['table']?.(items)['insertMany']?.([
        ['b', 9],
        ['c', value],
      ]),
    /entries\[1\]/,
    code,
  ],
  [
    `update to ${what}`,
    // What it answers asynchronously is awaited, so a promise is no value here.
    (grid) => grid['table']?.(items)['update']?.('a', () => (value instanceof Promise ? noop : value)),
    /^the answer of fn/,
    code,
  ],
  [
    `update to ${what} in a transaction`,
    (grid) =>
      grid['transaction']?.((tx: Loose) =>
        tx['table']?.(items)['update']?.('a', async () => ({ nested: value })),
      ),
    /^the answer of fn/,
    code,
  ],
  [
    `a procedure called with ${what}`,
    (grid) => grid['run']?.(store.keeps, 'a', value),
    /arguments of procedure 'keeps'/,
    code,
  ],
  [
    `an actor asked with ${what}`,
    (grid) => grid['actor']?.(clerk, 'x')['store']?.('a', value),
    /argument 2 of clerk.store/,
    code,
  ],
  [
    `an actor told ${what}`,
    (grid) => grid['tell']?.(clerk, 'x')['store']?.('a', value),
    /argument 2 of clerk.store/,
    code,
  ],
]);

/** Calls that take options, each with what they know. */
const withOptions: readonly (readonly [string, (grid: Loose, options: unknown) => unknown])[] = [
  ['get', (grid, options) => grid['table']?.(items)['get']?.('a', options)],
  ['set', (grid, options) => grid['table']?.(items)['set']?.('a', 9, options)],
  ['has', (grid, options) => grid['table']?.(items)['has']?.('a', options)],
  ['delete', (grid, options) => grid['table']?.(items)['delete']?.('a', options)],
  ['take', (grid, options) => grid['table']?.(items)['take']?.('a', options)],
  ['insert', (grid, options) => grid['table']?.(items)['insert']?.('new', 9, options)],
  ['replace', (grid, options) => grid['table']?.(items)['replace']?.('a', 9, options)],
  ['compareAndSet', (grid, options) => grid['table']?.(items)['compareAndSet']?.('a', 1, 9, options)],
  ['getAndSet', (grid, options) => grid['table']?.(items)['getAndSet']?.('a', 9, options)],
  ['increment', (grid, options) => grid['table']?.(items)['increment']?.('a', 1, options)],
  ['getMany', (grid, options) => grid['table']?.(items)['getMany']?.(['a'], options)],
  ['setMany', (grid, options) => grid['table']?.(items)['setMany']?.([['a', 9]], options)],
  ['insertMany', (grid, options) => grid['table']?.(items)['insertMany']?.([['b', 9]], options)],
  ['update', (grid, options) => grid['table']?.(items)['update']?.('a', () => 9, options)],
  ['deleteMany', (grid, options) => grid['table']?.(items)['deleteMany']?.(['a'], options)],
  ['size', (grid, options) => grid['table']?.(items)['size']?.(options)],
  ['clear', (grid, options) => grid['table']?.(items)['clear']?.(options)],
  ['entries', (grid, options) => grid['table']?.(items)['entries']?.(options)],
  ['keys', (grid, options) => grid['table']?.(items)['keys']?.(options)],
  ['values', (grid, options) => grid['table']?.(items)['values']?.(options)],
  ['transaction', (grid, options) => grid['transaction']?.(noop, options)],
  ['begin', (grid, options) => grid['begin']?.(options)],
  ['actor', (grid, options) => grid['actor']?.(clerk, 'x', options)['add']?.(1)],
];
const optionCases: Case[] = withOptions.flatMap(([what, call]): Case[] => [
  [
    `${what} with a typo`,
    (grid) => call(grid, { timeoutMS: 5 }),
    /unknown option `timeoutMS`.*did you mean `timeoutMs`/,
  ],
  [`${what} with options null`, (grid) => call(grid, null), /options must be an options object, got null/],
  [`${what} with options 5`, (grid) => call(grid, 5), /options must be an options object, got 5/],
  [
    `${what} with a negative time`,
    (grid) => call(grid, { timeoutMs: -1 }),
    /timeoutMs must be a positive number, got -1/,
  ],
  [
    `${what} with no time`,
    (grid) => call(grid, { timeoutMs: 0 }),
    /timeoutMs must be a positive number, got 0/,
  ],
  [
    `${what} with time NaN`,
    (grid) => call(grid, { timeoutMs: Number.NaN }),
    /timeoutMs must be a positive number/,
  ],
  [
    `${what} with time as text`,
    (grid) => call(grid, { timeoutMs: '5' }),
    /timeoutMs must be a positive number, got '5'/,
  ],
  [
    `${what} with a wrong signal`,
    (grid) => call(grid, { signal: {} }),
    /signal must be an AbortSignal, got an object/,
  ],
  [
    `${what} with a controller`,
    (grid) => call(grid, { signal: new AbortController() }),
    /signal must be an AbortSignal/,
  ],
]);

const transactionCases: Case[] = [
  [
    'a body that is no function',
    (grid) => grid['transaction']?.('body'),
    /body of a transaction must be a function/,
  ],
  ['no body', (grid) => grid['transaction']?.(), /body of a transaction must be a function/],
  [
    'keys that are no array',
    (grid) => grid['transaction']?.(noop, { keys: 'alice' }),
    /keys must be an array of table keys/,
  ],
  [
    'bare keys',
    (grid) => grid['transaction']?.(noop, { keys: ['alice'] }),
    /keys\[0\] must be a key of a table/,
  ],
  ['keys null', (grid) => grid['transaction']?.(noop, { keys: null }), /keys must be an array of table keys/],
  [
    'a key of nothing',
    (grid) => grid['transaction']?.(noop, { keys: [{ table: {}, key: 1 }] }),
    /keys\[0\] must be a key of a table/,
  ],
  [
    'a key of an unknown table',
    (grid) => grid['transaction']?.(noop, { keys: [foreign.key('a')] }),
    /'foreign' is not part of this grid/,
    'DEFINITION_MISSING',
  ],
  [
    'retries below 0',
    (grid) => grid['transaction']?.(noop, { retries: -1 }),
    /retries must be a whole number/,
  ],
  ['retries 1.5', (grid) => grid['transaction']?.(noop, { retries: 1.5 }), /retries must be a whole number/],
  [
    'readOnly of text',
    (grid) => grid['transaction']?.(noop, { readOnly: 'yes' }),
    /readOnly must be true or false/,
  ],
  [
    'independent 1',
    (grid) => grid['transaction']?.(noop, { independent: 1 }),
    /independent must be true or false/,
  ],
  [
    'an empty label',
    (grid) => grid['transaction']?.(noop, { label: '' }),
    /label must be a non-empty string/,
  ],
  [
    'keys that are locked read-only',
    (grid) => grid['transaction']?.(noop, { readOnly: true, keys: [] }),
    /keys must be left out/,
  ],
  ...[11, -11, 1.5, Number.NaN, '5', null, true].flatMap((priority): Case[] => [
    [
      `transaction with priority ${inspect(priority)}`,
      (grid) => grid['transaction']?.(noop, { priority }),
      /priority must be a whole number from -10 to 10/,
    ],
    [
      `begin with priority ${inspect(priority)}`,
      (grid) => grid['begin']?.({ priority }),
      /priority must be a whole number from -10 to 10/,
    ],
    [
      `runWith with priority ${inspect(priority)}`,
      (grid) => grid['runWith']?.(transfer, ['a', 'b', 1], { priority }),
      /priority must be a whole number from -10 to 10/,
    ],
  ]),
  ...[0, -1, 1.5, Number.NaN, '5', null, new Date()].flatMap((asOf): Case[] => [
    [
      `transaction with asOf ${inspect(asOf)}`,
      (grid) => grid['transaction']?.(noop, { readOnly: true, asOf }),
      /asOf must be a timestamp/,
    ],
    [
      `begin with asOf ${inspect(asOf)}`,
      (grid) => grid['begin']?.({ readOnly: true, asOf }),
      /asOf must be a timestamp/,
    ],
  ]),
  [
    'asOf to come',
    (grid) => grid['transaction']?.(noop, { readOnly: true, asOf: 2 ** 50 }),
    /asOf must be a timestamp of this grid.*as yet/,
  ],
  ['asOf of one that writes', (grid) => grid['transaction']?.(noop, { asOf: 1 }), /asOf.*unless `readOnly`/],
  ['begin asOf of one that writes', (grid) => grid['begin']?.({ asOf: 1 }), /asOf.*unless `readOnly`/],
  ['begin with keys', (grid) => grid['begin']?.({ keys: [] }), /unknown option `keys`/],
  [
    'begin readOnly of text',
    (grid) => grid['begin']?.({ readOnly: 'yes' }),
    /readOnly must be true or false/,
  ],
  ['begin with label 5', (grid) => grid['begin']?.({ label: 5 }), /label must be a non-empty string/],
  [
    'a nested body that is no function',
    (grid) => grid['transaction']?.((tx: Loose) => tx['transaction']?.(5)),
    /body of a transaction must be a function/,
  ],
  [
    'a nested option with a typo',
    (grid) => grid['transaction']?.((tx: Loose) => tx['transaction']?.(noop, { key: [] })),
    /unknown option `key`.*did you mean `keys`/,
  ],
  [
    'nested keys that are no array',
    (grid) => grid['transaction']?.((tx: Loose) => tx['transaction']?.(noop, { keys: 'a' })),
    /keys must be an array of table keys/,
  ],
  [
    'a nested body that is no function, read-only',
    (grid) => grid['transaction']?.((tx: Loose) => tx['transaction']?.(5), { readOnly: true }),
    /body of a transaction must be a function/,
  ],
  [
    'a foreign table inside',
    (grid) => grid['transaction']?.((tx: Loose) => tx['table']?.(foreign)['get']?.('a')),
    /'foreign' is not part of this grid/,
    'DEFINITION_MISSING',
  ],
];

const definitionCases: Case[] = [
  [
    'grid.table of a foreign table',
    (grid) => grid['table']?.(foreign),
    /'foreign' is not part of this grid.*'items'/,
    'DEFINITION_MISSING',
  ],
  [
    'grid.table of a table of the same name',
    (grid) => grid['table']?.(twin),
    /a different table of that name/,
    'DEFINITION_MISSING',
  ],
  ['grid.table of nothing', (grid) => grid['table']?.(), /made by table\(\)/],
  ['grid.table of a name', (grid) => grid['table']?.('items'), /made by table\(\)/],
  ['grid.table of a procedure', (grid) => grid['table']?.(transfer), /table.*procedure 'transfer'/],
  ['grid.table of an actor', (grid) => grid['table']?.(clerk), /table.*actor 'clerk'/],
  ['grid.actor of a table', (grid) => grid['actor']?.(items, 'a'), /actor.*table 'items'/],
  ['grid.actor of nothing', (grid) => grid['actor']?.(undefined, 'a'), /made by table\(\)/],
  ['grid.tell of a procedure', (grid) => grid['tell']?.(transfer, 'a'), /actor.*procedure 'transfer'/],
  ['grid.run of a table', (grid) => grid['run']?.(items, 'a'), /procedure.*table 'items'/],
  ['grid.run of an actor', (grid) => grid['run']?.(clerk, 'a'), /procedure.*actor 'clerk'/],
  ['grid.run of a function', (grid) => grid['run']?.(noop), /made by table\(\)/],
  ['grid.run of nothing', (grid) => grid['run']?.(), /made by table\(\)/],
  ['table() without a name', () => table(), /name of a table must be a non-empty string/],
  ['table() of a number', () => table(5), /name of a table must be a non-empty string/],
  [
    'table() with a typo',
    () => table('t', { afinity: noop }),
    /unknown option `afinity`.*did you mean `affinity`/,
  ],
  [
    'table() with a wrong affinity',
    () => table('t', { affinity: 'customer' }),
    /affinity must be a function/,
  ],
  ['table() with options null', () => table('t', null), /options must be an options object/],
  ['actor() without options', () => actor('a'), /options must be an options object/],
  ['actor() without a state', () => actor('a', { methods: {} }), /state must be a function/],
  ['actor() without methods', () => actor('a', { state: noop }), /methods of actor 'a' must be an object/],
  [
    'actor() with a method that is none',
    () => actor('a', { state: noop, methods: { add: 5 } }),
    /methods.add must be a function/,
  ],
  [
    'actor() with a method then',
    () => actor('a', { state: noop, methods: Object.fromEntries(['then'].map((name) => [name, noop])) }),
    /'then'/,
  ],
  [
    'actor() with a wrong bound',
    () => actor('a', { state: noop, methods: {}, mailboxLengthMax: 0 }),
    /mailboxLengthMax must be a whole number/,
  ],
  [
    'actor() with a typo',
    () => actor('a', { state: noop, method: {} }),
    /unknown option `method`.*did you mean `methods`/,
  ],
  [
    'actor() without a name',
    () => actor('', { state: noop, methods: {} }),
    /name of a actor|name of an actor/,
  ],
  ['procedure() without options', () => procedure('p'), /options must be an options object/],
  ['procedure() without keys', () => procedure('p', { run: noop }), /keys must be a function/],
  ['procedure() without run', () => procedure('p', { keys: noop }), /run must be a function/],
  [
    'procedure() with a typo',
    () => procedure('p', { keys: noop, run: noop, retry: 1 }),
    /unknown option `retry`/,
  ],
  [
    'procedure() without a name',
    () => procedure(undefined, { keys: noop, run: noop }),
    /name of a procedure must be/,
  ],
];

const otherCases: Case[] = [
  ['set of undefined', (grid) => grid['table']?.(items)['set']?.('a'), /value must not be undefined/],
  ['insert of undefined', (grid) => grid['table']?.(items)['insert']?.('new'), /value must not be undefined/],
  ['setMany of undefined', (grid) => grid['table']?.(items)['setMany']?.([['a', undefined]]), /entries\[0\]/],
  [
    'setMany of an object',
    (grid) => grid['table']?.(items)['setMany']?.({ a: 9 }),
    /entries must be a Map or an iterable/,
  ],
  [
    'setMany of text',
    (grid) => grid['table']?.(items)['setMany']?.('ab'),
    /entries must be a Map or an iterable/,
  ],
  [
    'setMany of nothing',
    (grid) => grid['table']?.(items)['setMany']?.(),
    /entries must be a Map or an iterable/,
  ],
  [
    'setMany of keys',
    (grid) => grid['table']?.(items)['setMany']?.(['ab']),
    /entries\[0\] must be a \[key, value\] pair/,
  ],
  [
    'setMany of triples',
    (grid) => grid['table']?.(items)['setMany']?.([['a', 9, 9]]),
    /entries\[0\] must be a \[key, value\] pair/,
  ],
  ['insertMany of undefined', (grid) => grid['table']?.(items)['insertMany']?.([['b']]), /entries\[0\]/],
  [
    'insertMany of an object',
    (grid) => grid['table']?.(items)['insertMany']?.({ b: 9 }),
    /entries must be a Map or an iterable/,
  ],
  [
    'insertMany of a stream',
    (grid) => grid['table']?.(items)['insertMany']?.((async function* () {})()),
    /entries must not be a stream.*setMany/,
  ],
  [
    'insertMany of a key twice',
    (grid) =>
      grid['table']?.(items)['insertMany']?.([
        ['b', 9],
        [0, 9],
        [-0, 9],
      ]),
    /entries\[2\]\[0\] must not be the key of entries\[1\] again, 0/,
  ],
  [
    'insertMany with partial of text',
    (grid) => grid['table']?.(items)['insertMany']?.([['b', 9]], { partial: 'yes' }),
    /partial must be true or false/,
  ],
  ['update without a function', (grid) => grid['table']?.(items)['update']?.('a'), /fn must be a function/],
  ['update with a value', (grid) => grid['table']?.(items)['update']?.('a', 9), /fn must be a function/],
  ['getMany of text', (grid) => grid['table']?.(items)['getMany']?.('ab'), /keys must be an array/],
  ['getMany of nothing', (grid) => grid['table']?.(items)['getMany']?.(), /keys must be an array/],
  ['deleteMany of text', (grid) => grid['table']?.(items)['deleteMany']?.('ab'), /keys must be an array/],
  [
    'increment by text',
    (grid) => grid['table']?.(items)['increment']?.('a', '1'),
    /by must be a finite number or a bigint/,
  ],
  [
    'increment by NaN',
    (grid) => grid['table']?.(items)['increment']?.('a', Number.NaN),
    /by must be a finite number/,
  ],
  [
    'increment from a wrong kind',
    (grid) => grid['table']?.(items)['increment']?.('new', 1, { initial: 1n }),
    /initial must be a number/,
  ],
  [
    'increment of an object',
    (grid) => grid['table']?.(items)['increment']?.('object'),
    /must be a number or a bigint, got an object/,
  ],
  ['terminateHost of none', (grid) => grid['terminateHost']?.(), /host|no thread/],
  ['terminateHost of host 9', (grid) => grid['terminateHost']?.(9), /host 9|no thread/],
  [
    'close with a typo',
    (grid) => grid['close']?.({ timeout: 5 }),
    /unknown option `timeout`.*did you mean `timeoutMs`/,
  ],
  [
    'close with a negative time',
    (grid) => grid['close']?.({ timeoutMs: -5 }),
    /timeoutMs must be a positive number/,
  ],
  ['close with options 5', (grid) => grid['close']?.(5), /options must be an options object/],
  [
    'on of an unknown event',
    (grid) => grid['on']?.('partitionLost', noop),
    /event must be one of partitionsLost.*partitionLost/,
  ],
  ['on without a listener', (grid) => grid['on']?.('partitionsLost'), /listener must be a function/],
  ['off without a listener', (grid) => grid['off']?.('partitionsLost', 5), /listener must be a function/],
];

const url = storeUrl;
const startCases: Case[] = [
  ['nothing', () => startGrid(), /options of startGrid must be an options object/],
  ['no modules', () => startGrid({}), /startGrid needs `modules/],
  [
    'a typo',
    () => startGrid({ modules: [url], thread: 1 }),
    /unknown option `thread`.*did you mean `threads`/,
  ],
  ['one module', () => startGrid({ modules: url }), /modules must be an array of URLs/],
  [
    'a relative path',
    () => startGrid({ modules: ['./store.js'] }),
    /modules\[0\] must be a file URL or an absolute path/,
  ],
  [
    'a web address',
    () => startGrid({ modules: [new URL('https://example.com/store.js')] }),
    /modules\[0\] must be a file URL/,
  ],
  ['threads -1', () => startGrid({ modules: [url], threads: -1 }), /threads must be a whole number from 0/],
  ['threads 1.5', () => startGrid({ modules: [url], threads: 1.5 }), /threads must be a whole number/],
  ['threads of text', () => startGrid({ modules: [url], threads: '2' }), /threads must be a whole number/],
  [
    'partitions 0',
    () => startGrid({ modules: [url], partitions: 0 }),
    /partitions must be a whole number from 1/,
  ],
  [
    'too many partitions',
    () => startGrid({ modules: [url], partitions: 1e6 }),
    /partitions must be a whole number from 1/,
  ],
  ['definitions of text', () => startGrid({ definitions: 'items' }), /definitions must be an array/],
  [
    'a definition that is none',
    () => startGrid({ definitions: [{}], threads: 0 }),
    /definitions\[0\] must be a definition/,
  ],
  [
    'an actor in place with threads',
    () => startGrid({ definitions: [clerk], threads: 1 }),
    /definitions\[0\].*modules/,
  ],
  ['a wrong worker', () => startGrid({ modules: [url], worker: 5 }), /worker must be a function/],
  [
    'startTimeoutMs 0',
    () => startGrid({ modules: [url], startTimeoutMs: 0 }),
    /startTimeoutMs must be a positive number/,
  ],
  [
    'retentionMs below 0',
    () => startGrid({ modules: [url], retentionMs: -1 }),
    /retentionMs must be a whole number from 0/,
  ],
  [
    'retentionMs for ever',
    () => startGrid({ modules: [url], retentionMs: Number.POSITIVE_INFINITY }),
    /retentionMs must be a whole number from 0 to 2147483647/,
  ],
  [
    'keepWarmMs below 0',
    () => startGrid({ modules: [url], keepWarmMs: -1 }),
    /keepWarmMs must be a number of milliseconds from 0 to 1000/,
  ],
  [
    'keepWarmMs for ever',
    () => startGrid({ modules: [url], keepWarmMs: Number.POSITIVE_INFINITY }),
    /keepWarmMs must be a number of milliseconds from 0 to 1000/,
  ],
  [
    'closeTimeoutMs of text',
    () => startGrid({ modules: [url], closeTimeoutMs: '1' }),
    /closeTimeoutMs must be a positive number/,
  ],
  [
    'a wrong heap limit',
    () => startGrid({ modules: [url], resourceLimits: { maxOldGenerationSizeMb: -1 } }),
    /resourceLimits.maxOldGenerationSizeMb/,
  ],
  [
    'a typo in the limits',
    () => startGrid({ modules: [url], resourceLimits: { maxOld: 1 } }),
    /unknown option `maxOld`/,
  ],
  ['a typo in compute', () => startGrid({ modules: [url], compute: { concurency: 1 } }), /concurency/],
  [
    'a missing module',
    () => startGrid({ modules: [new URL('./nowhere.mjs', url)], threads: 0 }),
    /nowhere\.mjs/,
    'MODULE_LOAD_FAILED',
  ],
];

const groups: readonly (readonly [string, readonly Case[]])[] = [
  ['keys', keyCases],
  ['values', valueCases],
  ['options', optionCases],
  ['transactions', transactionCases],
  ['definitions', definitionCases],
  ['other calls', otherCases],
];

const content: readonly (readonly [string, unknown])[] = [
  ['a', 1],
  ['object', { x: 1 }],
];

describe.each([0, 2])('with %i threads a grid refuses wrong', (threads) => {
  let grid: Grid;
  beforeAll(async () => {
    grid = await troupe.startGrid({ modules: [storeUrl], threads, partitions: 8 });
    await grid.table(items).setMany(content);
  });
  afterAll(() => grid.close());

  test.each(groups)('%s with a code and a sentence, and nothing has changed', async (_name, cases) => {
    const complaints: string[] = [];
    for (const [what, call, names, code = invalid] of cases) {
      const error = await thrownBy(() => call(loose(grid)));
      if (!(error instanceof TroupeError)) complaints.push(`${what}: ${String(error)}`);
      else if (error.code !== code) complaints.push(`${what}: ${error.code}: ${error.message}`);
      else if (!names.test(error.message)) complaints.push(`${what}: ${error.message}`);
    }
    expect(complaints).toEqual([]);
    expect(new Map(await collect(grid.table(items).entries()))).toEqual(new Map(content));
    expect(await grid.actor(clerk, 'x').count()).toBe(0);
    // No lock was left behind by any of it.
    await grid.table(items).clear({ timeoutMs: 5_000 });
    await grid.table(items).setMany(content);
  });
});

describe('startGrid refuses', () => {
  const cases = startCases.map(([what, call, names, code = invalid]) => ({ what, call, names, code }));
  test.each(cases)('$what', async ({ call, names, code }) => {
    const error = await thrownBy(() => call(loose(undefined)));
    expect(error).toBeInstanceOf(TroupeError);
    expect(error).toMatchObject({ code, message: names });
  });
});

test('methods that answer with a promise reject and never throw', async () => {
  const grid = await troupe.startGrid({ modules: [storeUrl], threads: 0 });
  const wrong = loose(grid);
  for (const call of [
    () => wrong['table']?.(items)['get']?.({}),
    () => wrong['table']?.(items)['setMany']?.(5),
    () => wrong['transaction']?.(5),
    () => wrong['begin']?.(5),
    () => wrong['run']?.(5),
    () => wrong['close']?.(5),
    () => wrong['terminateHost']?.(0),
  ]) {
    expect(await rejection(call() as unknown as Promise<unknown>)).toMatchObject({ code: invalid });
  }
  await grid.close();
});

/** What a call throws, rejects with, or ends its iteration with. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    const answer: unknown = await call();
    if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
      await collect(answer as AsyncIterable<unknown>);
    }
    return 'nothing was refused';
  } catch (error) {
    return error;
  }
}
