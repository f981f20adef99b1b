import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { actor, type InvalidArgumentError, table } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { accounts, teller } from '../fixtures/modules/store.js';
import { fixtureUrl, moduleUrl, startEcho } from '../fixtures/start-echo.ts';

const run = promisify(execFile);

describe('a grid', () => {
  test.each([1, 2, 4])('of %i hosts has a thread for each and deals the partitions out', async (threads) => {
    const grid = await startEcho({ threads });
    const places = await Promise.all(grid.hosts().map(({ host }) => grid.api.ask(host, 'where')));
    expect(places).toEqual(
      grid.hosts().map(({ host, threadId }) => ({ threadId, member: host + 1, incarnation: 1 })),
    );
    expect(new Set(grid.hosts().map(({ threadId }) => threadId)).size).toBe(threads);
    const owned = await Promise.all(grid.hosts().map(({ host }) => grid.api.ask(host, 'partitions')));
    expect(owned).toEqual(
      grid.hosts().map(({ partitions }) => partitions.map((id) => ({ id, incarnation: 1 }))),
    );
    expect(owned.flat()).toHaveLength(8);
  });

  test('connects every host with every other', async () => {
    const grid = await startEcho({ threads: 3 });
    const relayed = [0, 1, 2].flatMap((from) => [0, 1, 2].map((to) => relay(from, to)));
    expect(await Promise.all(relayed)).toHaveLength(9);

    async function relay(from: number, to: number): Promise<void> {
      const answer = await grid.api.ask(from, 'ask', { host: to, command: 'where' });
      expect(answer).toMatchObject({ member: to + 1 });
    }
  });

  test('without threads runs its host on the thread of the service', async () => {
    const grid = await startEcho({ threads: 0 });
    const main = await startEcho({ threads: 0 }, {});
    expect(await grid.api.ask(0, 'where')).toMatchObject({ threadId: 0, member: 1 });
    expect(await grid.api.ask(0, 'ask', { host: 0, command: 'echo', argument: { a: [1] } })).toEqual({
      a: [1],
    });
    expect(grid.hosts()).toEqual([
      {
        host: 0,
        threadId: undefined,
        incarnation: 1,
        state: 'serving',
        partitions: [0, 1, 2, 3, 4, 5, 6, 7],
      },
    ]);
    await main.close();
    expect(main.hosts()[0]?.state).toBe('closed');
    expect(await grid.api.ask(0, 'echo', 1)).toBe(1);
  });

  test('shares nothing with another grid of the same process', async () => {
    const [one, other] = await Promise.all([startEcho(), startEcho()]);
    await one.close();
    expect(await other.api.ask(0, 'echo', 'still here')).toBe('still here');
  });

  test('gives each member its settings and its memory', async () => {
    const grid = await startEcho({}, { settings: { queueMax: 3 }, memberMemoryBytes: 4096 });
    expect(await grid.api.ask(0, 'settings')).toEqual({ queueMax: 3 });
    expect(await grid.api.ask(0, 'memory')).toBe(4096);
    expect(grid.core.settings).toEqual({ queueMax: 3 });
  });

  test('limits the heaps of its threads', async () => {
    const grid = await startEcho({ resourceLimits: { maxOldGenerationSizeMb: 123 } });
    expect(await grid.api.ask(0, 'limits')).toMatchObject({ maxOldGenerationSizeMb: 123 });
  });

  test('runs on Workers that the user makes', async () => {
    const makeWorker = (): Worker => new Worker(fixtureUrl('echo-worker.js'));
    const grid = await startEcho({ threads: 2, worker: makeWorker, definitions: [accounts, teller] });
    expect(await grid.api.ask(0, 'ask', { host: 1, command: 'tables' })).toEqual(['accounts']);
    await grid.close();
    expect(grid.hosts().map(({ state }) => state)).toEqual(['closed', 'closed']);
  });

  test.each([0, 1, 2])('of %i threads lets the process end after close()', async (threads) => {
    const program = fileURLToPath(fixtureUrl('start-and-close.js'));
    const { stdout, stderr } = await run(process.execPath, [program, String(threads)], { timeout: 10_000 });
    expect({ stdout, stderr }).toEqual({ stdout: 'hello', stderr: '' });
  });

  test('starts in a program that was given on the command line', async () => {
    const source = `import(${JSON.stringify(fixtureUrl('start-and-close.js').href)})`;
    const flags = ['--input-type=module', '--max-old-space-size=500', '--no-warnings', '-e', source];
    const { stdout } = await run(process.execPath, flags, { timeout: 10_000 });
    expect(stdout).toBe('hello');
  });
});

describe('tables defined in place', () => {
  test('are known by name on every host', async () => {
    const grid = await startEcho({ threads: 2, definitions: [table('b'), table('a')] });
    expect(await grid.api.ask(1, 'tables')).toEqual(['a', 'b']);
  });

  test('need a module when other threads need their code', async () => {
    const withCode = actor('cart', { state: () => ({}), methods: {} });
    await expect(startEcho({ definitions: [withCode] })).rejects.toThrow(
      "definitions[0], 'cart', is of kind actor",
    );
    const withAffinity = table<[string, number], number>('plays', { affinity: ([customer]) => customer });
    await expect(startEcho({ definitions: [withAffinity] })).rejects.toThrow(
      'a table with an affinity function',
    );
    const grid = await startEcho({ threads: 0, definitions: [withCode, withAffinity] });
    expect(await grid.api.ask(0, 'tables')).toEqual(['plays']);
  });
});

describe('options', () => {
  const wrong: [name: string, options: object, message: string][] = [
    ['a misspelt name', { thread: 2 }, 'did you mean `threads`?'],
    ['threads', { threads: 1.5 }, 'threads must be a whole number from 0 to 254, got 1.5 (number)'],
    ['partitions', { partitions: 0 }, 'partitions must be a whole number from 1 to 65536'],
    ['no modules at all', { modules: [] }, 'startGrid needs `modules: ['],
    ['modules', { modules: 'store.js' }, 'modules must be an array of URLs'],
    ['a relative path', { modules: ['./store.js'] }, "write `new URL('./store.js', import.meta.url)`"],
    [
      'another protocol',
      { modules: [new URL('https://example.org/store.js')] },
      'must be a file URL or an absolute path',
    ],
    ['a definition', { definitions: [{ kind: 'table', name: 'x' }] }, 'definitions[0] must be a definition'],
    [
      'a misspelt limit',
      { resourceLimits: { maxOldGenerationSizeMB: 1 } },
      'did you mean `maxOldGenerationSizeMb`?',
    ],
    [
      'a limit',
      { resourceLimits: { stackSizeMb: 0 } },
      'resourceLimits.stackSizeMb must be a positive number',
    ],
    ['a worker', { worker: 'x' }, 'worker must be a function'],
    ['a time', { startTimeoutMs: -1 }, 'startTimeoutMs must be a positive number'],
  ];
  test.each(wrong)('are refused before anything starts: %s', async (_, options, message) => {
    const refused = startEcho(options as never) as Promise<unknown>;
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    } satisfies Partial<InvalidArgumentError>);
  });

  test('take a path or a URL twice as one module', async () => {
    const url = moduleUrl('store.js');
    const grid = await startEcho({ modules: [url, fileURLToPath(url), url.href] });
    expect(await grid.api.ask(0, 'tables')).toEqual(['accounts']);
  });
});
