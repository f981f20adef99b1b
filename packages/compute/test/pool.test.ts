import { threadId } from 'node:worker_threads';
import { job } from '@troupe/compute';
import { type Definition, ErrorRegistry, isDefinition } from '@troupe/core';
import { afterEach, describe, expect, test } from 'vitest';
import { ComputeGrid, rejectionOf, until } from './compute-grid.ts';
import * as fixture from './fixtures/pool-jobs.js';

const definitions: Definition[] = Object.values<unknown>(fixture).filter(isDefinition);
const inPlace = job('inPlace', { run: () => 0 });
const open: ComputeGrid[] = [];

function start(poolSize = 1, queueMax = 10): ComputeGrid {
  const errors = new ErrorRegistry();
  errors.register(fixture.Broken);
  const modules = [new URL('./fixtures/pool-jobs.js', import.meta.url).href];
  const grid = new ComputeGrid([...definitions, inPlace], { hosts: 1, errors, modules, poolSize, queueMax });
  open.push(grid);
  return grid;
}

afterEach(async () => {
  for (const grid of open.splice(0)) await grid.main.compute.close();
});

const at = 'any';

describe("a job at 'any'", () => {
  test('runs on another thread with values as they are anywhere else', async () => {
    const value = { when: new Date(5), bytes: Buffer.from('abc'), tags: new Set(['x']), big: 2n ** 70n };
    const answer = await start().compute.run(fixture.describeSelf, value, { at });
    expect(answer).toEqual({
      threadId: expect.any(Number) as number,
      value,
      id: expect.any(Number) as number,
      attempt: 1,
      aborted: false,
    });
    expect(answer.threadId).not.toBe(threadId);
    expect(Buffer.isBuffer((answer.value as typeof value).bytes)).toBe(true);
  });

  test('can be started on a host as well, and runs in the pool of the main thread', async () => {
    const grid = start();
    const fromMain = await grid.compute.run(fixture.describeSelf, 1, { at });
    const fromHost = await grid.host(0).compute.client.run(fixture.describeSelf, 2, { at });
    expect(fromHost.threadId).toBe(fromMain.threadId);
  });

  test('fails with class, code, properties and the stack of its thread', async () => {
    const error = await rejectionOf(start().compute.run(fixture.breaks, 'wheel', { at }));
    expect(error).toBeInstanceOf(fixture.Broken);
    expect(error).toMatchObject({ code: 'BROKEN', part: 'wheel', details: { part: 'wheel' } });
    expect((error as Error).stack).toMatch(/pool-jobs\.js[\s\S]*thread boundary: pool/);
  });

  test('has no data and says so', async () => {
    const grid = start();
    for (const [uses, name] of [
      [fixture.usesData, 'local'],
      [fixture.usesTable, 'table'],
    ] as const) {
      const error = await rejectionOf(grid.compute.run(uses, undefined, { at }));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(String(error)).toContain(`uses ctx.${name}`);
    }
  });

  test('that never yields is killed with its thread when it is canceled, and the next one runs', async () => {
    const grid = start();
    const execution = grid.compute.submit(fixture.spins, undefined, { at });
    const queued = grid.compute.submit(fixture.describeSelf, 0, { at });
    await until(() => execution.state === 'executing');
    expect(queued.state).toBe('queued');
    execution.cancel();
    expect(await rejectionOf(execution.result)).toMatchObject({ name: 'AbortError' });
    expect((await queued.result).value).toBe(0);
  });

  test('that is canceled while queued never starts', async () => {
    const grid = start();
    const execution = grid.compute.submit(fixture.spins, undefined, { at });
    const queued = grid.compute.submit(fixture.describeSelf, 0, { at });
    await until(() => execution.state === 'executing' && grid.main.compute.openJobs === 2);
    queued.cancel();
    await until(() => grid.main.compute.openJobs === 1);
    execution.cancel();
    await Promise.allSettled([execution.result, queued.result]);
    expect([execution.state, queued.state]).toEqual(['canceled', 'canceled']);
  });

  test('is refused when the queue of the pool is full', async () => {
    const grid = start(1, 1);
    const all = [1, 2, 3].map(() => grid.compute.submit(fixture.spins, undefined, { at }));
    expect(await rejectionOf(all[2]?.result ?? Promise.resolve())).toMatchObject({
      code: 'QUEUE_FULL',
      details: { place: 'the pool' },
    });
  });

  test('whose thread ends fails, and the next one runs', async () => {
    const grid = start();
    expect(await rejectionOf(grid.compute.run(fixture.exits, undefined, { at }))).toBeInstanceOf(Error);
    expect((await grid.compute.run(fixture.describeSelf, 1, { at })).value).toBe(1);
  });

  test('that no module exports is refused', async () => {
    const error = await rejectionOf(start().compute.run(inPlace, undefined, { at }));
    expect(error).toMatchObject({ code: 'DEFINITION_MISSING' });
  });

  test('ends with its grid', async () => {
    const grid = start();
    const execution = grid.compute.submit(fixture.spins, undefined, { at });
    await until(() => execution.state === 'executing');
    await grid.main.compute.close();
    expect(await rejectionOf(execution.result)).toMatchObject({ code: 'GRID_CLOSED' });
    expect(grid.main.compute.openJobs).toBe(0);
  });
});
