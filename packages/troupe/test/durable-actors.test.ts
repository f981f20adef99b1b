/** Actors in grids whose state is durable: passivation, beside each other, within each other, after failures. */
import { createRequire } from 'node:module';
import type { Grid } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { eventually, rejection, start } from './running-grid.ts';

const url = new URL('./fixtures/reminded.mjs', import.meta.url);
const { reminded, restarting } = createRequire(import.meta.url)(
  './fixtures/reminded.mjs',
) as typeof import('./fixtures/reminded.mjs');

const keys = ['a', 'b', 'c', 'd', 'e'];

describe('with backups: 1 an actor', () => {
  let grid: Grid;
  const at = (key: string) => grid.actor(reminded, key);
  const killAll = async (): Promise<void> => {
    await Promise.all(grid.hosts().map(({ host }) => grid.terminateHost(host)));
  };
  beforeEach(async () => {
    grid = await start(2, { modules: [url], partitions: 4, backups: 1 });
  });

  test('that was passivated comes back with its state, also on another thread', async () => {
    for (const key of keys) {
      await at(key).note('x', key);
      await at(key).leave();
      expect(await at(key).log()).toEqual(['x', key]);
      await at(key).leave();
      // Its next turn comes after the state was kept.
      expect(await at(key).left()).toBe(2);
    }
    await killAll();
    for (const key of keys) expect([await at(key).log(), await at(key).left()]).toEqual([['x', key], 2]);
  });

  test('keeps what `deactivate` changed when its thread dies, also when that threw', async () => {
    for (const key of ['a', 'bad']) {
      await at(key).note('x');
      await at(key).leave();
      // Its next turn comes after the state was kept.
      expect(await at(key).left()).toBe(1);
    }
    await killAll();
    expect([await at('a').left(), await at('bad').left()]).toEqual([1, 1]);
  });

  test('of one that has never changed its state keeps what `deactivate` did', async () => {
    await at('a').leave();
    expect(await at('a').left()).toBe(1);
    await killAll();
    expect(await at('a').left()).toBe(1);
  });

  test('takes readonly turns beside each other, and sees what is durable', async () => {
    await at('a').note('1');
    const reads = Array.from({ length: 5 }, () => at('a').slowLog());
    const writing = at('a').note('2');
    const after = at('a').slowLog();
    expect(await Promise.all(reads)).toEqual([1, 1, 1, 1, 1]);
    await writing;
    expect(await after).toBe(2);
    await killAll();
    expect(await at('a').log()).toEqual(['1', '2']);
  });

  test('may be called by those it waits for, and keeps the changes of both turns', async () => {
    for (const next of keys.slice(1)) {
      const before = await at('a').log();
      expect(await at('a').around(next)).toEqual([...before, 'before', 'inside']);
    }
    const log = await at('a').log();
    expect(log).toHaveLength(3 * (keys.length - 1));
    await killAll();
    expect(await at('a').log()).toEqual(log);
  });

  test('whose method throws keeps what that had changed', async () => {
    expect(await rejection(at('a').fail())).toMatchObject({ message: 'on purpose' });
    await killAll();
    expect(await at('a').log()).toEqual(['failed']);
  });

  test('that is restarted goes back to its durable state, and so does its successor', async () => {
    const one = grid.actor(restarting, 'a');
    await one.add();
    await one.add();
    expect(await rejection(one.fail())).toMatchObject({ message: 'on purpose' });
    expect(await one.add()).toBe(3);
    await killAll();
    expect(await one.add()).toBe(4);
  });

  test('passivated for being idle has its state', async () => {
    const idle = await start(1, {
      modules: [url],
      partitions: 4,
      backups: 1,
      actors: { passivateAfterMs: 5, residentsMax: 2 },
    });
    for (const key of keys) await idle.actor(reminded, key).note(key);
    await eventually(async () => expect(await idle.actor(reminded, 'a').left()).toBeGreaterThan(0));
    await idle.terminateHost(0);
    for (const key of keys) expect(await idle.actor(reminded, key).log()).toEqual([key]);
  });
});
