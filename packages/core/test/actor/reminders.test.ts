// Reminders: messages that an actor is sent when they are due, also when it was passivated meanwhile.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  actor,
  actorChannelName,
  actorTable,
  actorTypeOf,
  type CronCalendar,
  InvalidArgumentError,
  isActorTable,
  isRemindersTable,
  nextDueMs,
  noCalendar,
  type ReminderTime,
  remindersTable,
} from '@troupe/core';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { gate, ManualPorts, oneMember, rejectionOf } from './actor-grid.ts';

let ports = new ManualPorts();
let held = gate();
beforeEach(() => {
  ports = new ManualPorts();
  held = gate();
});

const diary = actor('diary', {
  state: (_key: string) => [] as string[],
  mailboxLengthMax: 2,
  passivateAfterMs: 1_000,
  methods: {
    set: (ctx, name: string, time: ReminderTime, ...words: string[]) =>
      ctx.setReminder(name, time, 'note', ...(words.length > 0 ? words : [name])),
    wrong: (ctx, method: string) => ctx.setReminder('wrong', { atMs: 0 }, method),
    clear: (ctx, name: string) => ctx.clearReminder(name),
    note: (ctx, ...words: string[]) => void ctx.state.push(...words),
    async fails(ctx) {
      ctx.state.push('tried');
      await Promise.resolve();
      throw new Error('failed');
    },
    setFailing: (ctx) => ctx.setReminder('failing', { everyMs: 1_000 }, 'fails'),
    hold: () => held.opened,
    log: (ctx) => ctx.state,
    leave: (ctx) => ctx.stop(),
  },
});

/** Every ten seconds of the clock. */
const tens: CronCalendar = {
  next(expression, _timezone, afterMs) {
    if (expression !== 'tens') throw new InvalidArgumentError(`no ${expression}`);
    return Math.floor(afterMs / 10_000) * 10_000 + 10_000;
  },
};

const stage = () => {
  const grid = oneMember([diary], { ports, calendar: tens });
  grid.service.reminders.start();
  return { grid, one: grid.actor(diary, 'a') };
};

describe('a reminder', () => {
  test('comes at its moment, once, and activates its actor', async () => {
    const { grid, one } = stage();
    await one.set('x', { atMs: ports.wallMs() + 5_000 });
    await one.leave();
    expect(grid.service.residents).toBe(0);
    ports.pass(4_999);
    expect(grid.service.residents).toBe(0);
    ports.pass(1);
    expect(await one.log()).toEqual(['x']);
    expect([grid.service.reminders.count, ports.timers]).toEqual([0, 0]);
  });

  test('does not keep its actor from being passivated', async () => {
    const { grid, one } = stage();
    await one.set('x', { everyMs: 60_000 });
    ports.nowMs += 2_000;
    ports.tick();
    ports.nowMs += 2_000;
    ports.tick();
    expect([grid.service.residents, grid.service.reminders.count]).toEqual([0, 1]);
  });

  test('comes again and again until it is taken back', async () => {
    const { one } = stage();
    await one.set('x', { everyMs: 1_000 });
    ports.pass(3_500);
    expect(await one.log()).toEqual(['x', 'x', 'x']);
    expect([await one.clear('x'), await one.clear('x')]).toEqual([true, false]);
    ports.pass(10_000);
    expect(await one.log()).toHaveLength(3);
  });

  test('comes when the calendar says, by the clock on the wall', async () => {
    const { one } = stage();
    ports.wallAheadMs = 1_000_003;
    await one.set('x', { cron: 'tens' });
    ports.pass(9_996);
    expect(await one.log()).toEqual([]);
    ports.pass(1);
    expect(await one.log()).toEqual(['x']);
    ports.pass(10_000);
    expect(await one.log()).toEqual(['x', 'x']);
  });

  test('waits on when the clock was set back', async () => {
    const { one } = stage();
    await one.set('x', { atMs: ports.wallMs() + 1_000 });
    ports.wallAheadMs -= 500;
    ports.pass(1_000);
    expect(await one.log()).toEqual([]);
    ports.pass(500);
    expect(await one.log()).toEqual(['x']);
  });

  test('that is past comes at once', async () => {
    const { one } = stage();
    await one.set('x', { atMs: 5 });
    ports.pass(0);
    expect(await one.log()).toEqual(['x']);
  });

  test('takes the place of the one of the same name', async () => {
    const { grid, one } = stage();
    await one.set('x', { everyMs: 1_000 }, 'first');
    await one.set('x', { everyMs: 1_500 }, 'second');
    ports.pass(1_500);
    expect(await one.log()).toEqual(['second']);
    expect(grid.service.reminders.count).toBe(1);
  });

  test('does not come again while its message waits, and counts as one for the times it missed', async () => {
    const { one } = stage();
    await one.set('x', { everyMs: 1_000 });
    const holding = one.hold();
    ports.pass(3_500);
    held.open();
    await holding;
    expect(await one.log()).toEqual(['x']);
    ports.pass(500);
    expect(await one.log()).toEqual(['x', 'x']);
  });

  test('comes late, but comes, when the mailbox is full', async () => {
    const { grid, one } = stage();
    await one.set('x', { atMs: ports.wallMs() + 10 });
    const holding = one.hold();
    for (const word of ['1', '2']) void grid.tell(diary, 'a').note(word);
    ports.pass(20);
    held.open();
    await holding;
    ports.pass(50);
    expect(await one.log()).toEqual(['1', '2', 'x']);
  });

  test('whose method fails is a dead letter and comes again at its next time', async () => {
    const { grid, one } = stage();
    await one.setFailing();
    ports.pass(1_000);
    await one.log();
    ports.pass(1_000);
    expect(await one.log()).toEqual(['tried', 'tried']);
    expect(await grid.service.deadLetters.views.list()).toHaveLength(2);
  });

  test('whose method is gone, as one of an earlier version may be, is published each time', () => {
    const { grid } = stage();
    const events: unknown[] = [];
    const listen = (event: unknown): void => void events.push(event);
    subscribe(actorChannelName, listen);
    const reminder = { name: 'old', dueMs: 0, time: { everyMs: 1_000 }, method: 'gone', args: [] };
    const [{ id: partition } = { id: 0 }] = grid.owned.all();
    grid.service.reminders.recovered({ partition, table: remindersTable(0), key: 'old' }, [reminder]);
    ports.pass(2_500);
    unsubscribe(actorChannelName, listen);
    expect(events).toHaveLength(3);
    expect(events[0]).toMatchObject({ event: 'reminder-failed', actor: 'diary', key: 'old' });
    expect(grid.service.reminders.count).toBe(1);
  });

  test('is refused when it is wrong, and beyond a hundred', async () => {
    const { one } = stage();
    const wrong = [
      {},
      { everyMs: 999 },
      { atMs: Number.NaN },
      { cron: '' },
      { cron: 'no' },
      { everyMs: 1_000, atMs: 1 },
    ];
    for (const time of [...wrong, { atMs: 1, timezone: 'UTC' }])
      expect(await rejectionOf(one.set('x', time as never))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await rejectionOf(one.wrong('nothing'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    for (let i = 0; i < 100; i++) await one.set(`${i}`, { everyMs: 1_000 });
    expect(await rejectionOf(one.set('one more', { everyMs: 1_000 }))).toMatchObject({ code: 'QUEUE_FULL' });
    await one.set('5', { everyMs: 2_000 });
  });

  test('ends when the grid closes', async () => {
    const { grid, one } = stage();
    await one.set('x', { everyMs: 1_000 });
    grid.service.close();
    expect([grid.service.reminders.count, ports.timers]).toEqual([0, 0]);
  });
});

describe('the next time of a reminder', () => {
  test('lies in the future, on its grid, and as soon as that allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 100_000 }),
        fc.nat(1_000_000),
        fc.nat(2_000_000),
        (everyMs, dueMs, nowMs) => {
          const next = nextDueMs({ everyMs }, dueMs, nowMs, noCalendar) as number;
          expect(next).toBeGreaterThan(Math.max(nowMs, dueMs));
          expect((next - dueMs) % everyMs).toBe(0);
          expect(next - Math.max(nowMs, dueMs)).toBeLessThanOrEqual(everyMs);
        },
      ),
    );
  });
});

describe('the hidden tables', () => {
  test('of actor types have numbers of their own', () => {
    const numbers = [0, 1, 2, 7].flatMap((type) => [actorTable(type), remindersTable(type)]);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.every((table) => table < -1)).toBe(true);
    for (const type of [0, 1, 2, 7]) {
      expect([isActorTable(actorTable(type)), isRemindersTable(actorTable(type))]).toEqual([true, false]);
      expect([isActorTable(remindersTable(type)), isRemindersTable(remindersTable(type))]).toEqual([
        false,
        true,
      ]);
      expect([actorTypeOf(actorTable(type)), actorTypeOf(remindersTable(type))]).toEqual([type, type]);
    }
    for (const table of [-1, 0, 5])
      expect([isActorTable(table), isRemindersTable(table)]).toEqual([false, false]);
  });
});
