/** What threads say of themselves, and what they publish while they work. */
import { channel } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import type { ActorLifeEvent, ActorTurnEvent, ThreadMetrics } from 'troupe';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually, rejection, start, topologies } from './running-grid.ts';

const modules = [new URL('./fixtures/requests.mjs', import.meta.url)];
const { seer } = createRequire(import.meta.url)(
  './fixtures/requests.mjs',
) as typeof import('./fixtures/requests.mjs');

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function heard<Event>(name: string): Event[] {
  const events: Event[] = [];
  const listener = (event: unknown): void => void events.push(event as Event);
  channel(name).subscribe(listener);
  ends.push(() => {
    channel(name).unsubscribe(listener);
  });
  return events;
}

describe.each(topologies)('metrics, %s,', (_, threads) => {
  test('have a row for each thread, with its event loop', async () => {
    const grid = await start(threads, { modules });
    const rows = await grid.metrics();
    expect(rows.map(({ host }) => host)).toEqual(threads === 0 ? [undefined, 0] : [undefined, 0, 1]);
    for (const { eventLoop } of rows) {
      expect(eventLoop.activeMs).toBeGreaterThan(0);
      expect(eventLoop.utilization).toBeGreaterThanOrEqual(0);
      expect(eventLoop.utilization).toBeLessThanOrEqual(1);
    }
  });

  test('count messages, activations and deactivations, and measure the first of them all', async () => {
    const grid = await start(threads, { modules, actors: { residentsMax: 4 } });
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
    for (const key of keys) await grid.actor(seer, key).see();
    await Promise.all(keys.map(() => grid.actor(seer, 'key 0').see()));
    const rows = await grid.metrics();
    const sum = (of: (actors: (typeof rows)[0]['actors']) => number): number =>
      rows.reduce((total, { actors }) => total + of(actors), 0);
    expect(sum(({ messages }) => messages)).toBe(80);
    expect(sum(({ open }) => open)).toBe(0);
    const active = sum((actors) => actors.active);
    expect(active).toBeGreaterThan(0);
    expect(active).toBeLessThanOrEqual(4 * Math.max(1, threads));
    expect(sum(({ activated, deactivated }) => activated - deactivated)).toBe(active);
    for (const read of ['waitMs', 'turnMs', 'mailboxLength'] as const)
      expect(sum((actors) => actors[read].count)).toBe(80);
    expect(rows.every(({ hotKeys }) => hotKeys.length === 0)).toBe(true);
  });

  test('name the keys that get most messages, where that is wanted', async () => {
    const grid = await start(threads, { modules, metrics: { hotKeys: true } });
    for (let i = 0; i < 30; i++) await grid.actor(seer, i % 3 === 0 ? `key ${i}` : 'hot').see();
    const hot = (await grid.metrics()).flatMap(({ hotKeys }) => hotKeys);
    expect(hot.find(({ key }) => key === 'hot')).toEqual({ actor: 'seer', key: 'hot', count: 20, error: 0 });
    expect(Math.max(...hot.map(({ count }) => count))).toBe(20);
  });
});

test('metrics are read by actors, too, and only with options that are known', async () => {
  const grid = await start(2, { modules });
  expect(await rejection(grid.metrics({ timeout: 1 } as never))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(await rejection(start(0, { metrics: { hotKey: true } as never }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});

test('turns are published on troupe.actor.turn of their thread while somebody listens', async () => {
  const grid = await start(0, { modules });
  const turns = heard<ActorTurnEvent>('troupe.actor.turn');
  await grid.actor(seer, 'a').see();
  await rejection(grid.actor(seer, 'a').fail('x'));
  expect(turns).toEqual([
    {
      actor: 'seer',
      key: 'a',
      method: 'see',
      waitMs: expect.any(Number),
      turnMs: expect.any(Number),
      mailboxLength: 0,
    },
    expect.objectContaining({ method: 'fail' }),
  ]);
});

test('rows are published on troupe.metrics of their thread, where that is wanted', async () => {
  const rows = heard<ThreadMetrics>('troupe.metrics');
  const grid = await start(0, { modules, metrics: { publishEveryMs: 1 } });
  await grid.actor(seer, 'a').see();
  await eventually(async () => {
    const messages = new Map(rows.map(({ host, actors }) => [host, actors.messages]));
    expect(messages).toEqual(
      new Map([
        [undefined, 0],
        [0, 1],
      ]),
    );
  });
});

test('lives of actors are published on troupe.actor.life of their thread', async () => {
  const grid = await start(0, { modules, actors: { residentsMax: 1 } });
  const lives = heard<ActorLifeEvent>('troupe.actor.life');
  await grid.actor(seer, 'a').see();
  await grid.actor(seer, 'b').see();
  expect(lives).toEqual(
    expect.arrayContaining([
      { event: 'activated', actor: 'seer', key: 'a' },
      { event: 'activated', actor: 'seer', key: 'b' },
      { event: 'deactivated', actor: 'seer', key: 'a' },
    ]),
  );
});
