import type { ModuleLoadError } from '@troupe/core';
import { describe, expect, test, vi } from 'vitest';
import { moduleFailure } from '../../dist/thread/module-failure.js';
import { moduleUrl, rejection, startEcho } from '../fixtures/start-echo.ts';

/** Every living thread and link has ports in this process. */
function openPorts(): number {
  return process.getActiveResourcesInfo().filter((resource) => /MessagePort|Worker/.test(resource)).length;
}

describe('modules', () => {
  test('may be CommonJS', async () => {
    const grid = await startEcho({ modules: [moduleUrl('store.cjs')] });
    expect(await grid.api.ask(0, 'tables')).toEqual(['items', 'orders']);
  });

  test('may be TypeScript', async () => {
    const grid = await startEcho({ modules: [moduleUrl('typed-store.ts')] });
    expect(await grid.api.ask(0, 'tables')).toEqual(['orders']);
  });

  test('bring their error classes to the thread of the caller', async () => {
    const grid = await startEcho({ threads: 1 });
    const error = await rejection(grid.api.ask(0, 'fail', { actor: 'teller', argument: 12 }));
    expect((error as Error).constructor.name).toBe('InsufficientFunds');
    expect(error).toMatchObject({ name: 'InsufficientFunds', missing: 12, message: 'missing: 12' });
  });

  test('that define two things under one name are named', async () => {
    const modules = [moduleUrl('store.js'), moduleUrl('other-accounts.js')];
    const error = await rejection(startEcho({ modules }));
    expect(error).toMatchObject({ code: 'DEFINITION_CONFLICT' });
    for (const url of modules) expect((error as Error).message).toContain(url.href);
  });
});

describe('a module that fails', () => {
  const failures: [file: string, where: string, message: string][] = [
    ['missing.js', 'on the main thread', "The file doesn't exist"],
    ['data:text/javascript,export const broken = ;', 'on the main thread', 'SyntaxError: '],
    ['throws.js', 'on the main thread', 'RangeError: no licence'],
    ['throws-on-hosts.js', 'on host ', 'RangeError: only at home'],
    ['starts-a-grid.js', 'on host ', 'a grid was started by the import of'],
    ['exits-on-hosts.js', 'ended while it imported', 'process.exit(7) was called on it'],
  ];
  test.each(failures)('fails the start and leaves no thread: %s', async (file, where, message) => {
    const before = openPorts();
    const url = file.startsWith('data:') ? new URL(file) : moduleUrl(file);
    const error = (await rejection(startEcho({ threads: 2, modules: [url] }))) as ModuleLoadError;
    expect(error).toMatchObject({ name: 'ModuleLoadError', code: 'MODULE_LOAD_FAILED', retryable: false });
    expect(error.message).toContain(url.href);
    expect(error.message).toContain(where);
    expect(error.message).toContain(message);
    expect(error.details['module']).toBe(url.href);
    await vi.waitFor(() => expect(openPorts()).toBeLessThanOrEqual(before));
  });

  test('to end its import is named when the time is up', async () => {
    const before = openPorts();
    const start = startEcho({ modules: [moduleUrl('never-ends-on-hosts.js')], startTimeoutMs: 1_500 });
    await expect(start).rejects.toThrow(
      `host 0 was still importing ${moduleUrl('never-ends-on-hosts.js').href} after 1500 ms`,
    );
    await vi.waitFor(() => expect(openPorts()).toBeLessThanOrEqual(before));
  });

  test('to export the same on every thread is found out', async () => {
    const start = startEcho({ modules: [moduleUrl('differs-on-hosts.js')] });
    await expect(start).rejects.toMatchObject({
      code: 'DEFINITION_CONFLICT',
      message: expect.stringContaining('main thread: table: here; host 0: table: there') as string,
    });
  });

  test('keeps the error of its own as the cause', async () => {
    const error = (await rejection(startEcho({ modules: [moduleUrl('throws-on-hosts.js')] }))) as Error;
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).stack).toContain('throws-on-hosts.js');
  });
});

describe('moduleFailure', () => {
  const href = 'file:///app/store.ts';
  const surroundings = {
    thread: 'host 0',
    nodeVersion: '20.19.0',
    exists: (url: string) => url === 'file:///app/x.ts',
  };
  const advice: [code: string, url: string | undefined, expected: string][] = [
    [
      'ERR_UNKNOWN_FILE_EXTENSION',
      undefined,
      "Node 20.19.0 can't load TypeScript: use Node 22.18 or newer, install `tsx`",
    ],
    [
      'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
      undefined,
      'enums, namespaces and parameter properties need a build',
    ],
    ['ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING', undefined, 'Node strips no types inside node_modules'],
    [
      'ERR_MODULE_NOT_FOUND',
      'file:///app/x.js',
      'There is file:///app/x.ts: Node imports TypeScript by its own name',
    ],
    ['ERR_MODULE_NOT_FOUND', 'file:///app/y.js', 'Correct the path in the import'],
    ['ERR_MODULE_NOT_FOUND', href, "The file doesn't exist"],
    ['ERR_MODULE_NOT_FOUND', undefined, 'Install the missing package'],
    ['ERR_REQUIRE_ASYNC_MODULE', undefined, 'top-level await'],
  ];
  test.each(advice)('says what to do for %s (%s)', (code, url, expected) => {
    const cause = Object.assign(new Error('as Node says it'), {
      code,
      ...(url === undefined ? {} : { url }),
    });
    const error = moduleFailure(href, cause, surroundings);
    expect(error.message).toContain(
      `the module ${href} could not be imported on host 0: Error: as Node says it. `,
    );
    expect(error.message).toContain(expected);
    expect(error).toMatchObject({ cause, details: { module: href, thread: 'host 0', reason: code } });
  });

  test('says of another file only that Node has no way to load it', () => {
    const cause = Object.assign(new Error('no'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' });
    expect(moduleFailure('file:///app/store.sql', cause, surroundings).message).toContain(
      'Give a JavaScript module',
    );
  });

  test('takes whatever a module throws', () => {
    expect(moduleFailure(href, 'out of order', surroundings).message).toContain('it threw out of order');
  });
});
