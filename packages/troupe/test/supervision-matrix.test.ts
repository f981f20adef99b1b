/** What becomes of actors and their messages: however they fail, in each phase, under each directive. */
import { createRequire } from 'node:module';
import type { ActorFailed, FailurePhase, Grid, SupervisionDirective } from 'troupe';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { collect, eventually, rejection, start, topologies } from './running-grid.ts';

const url = new URL('./fixtures/supervised.mjs', import.meta.url);
const { producer, subject, narrow } = createRequire(import.meta.url)(
  './fixtures/supervised.mjs',
) as typeof import('./fixtures/supervised.mjs');

const faults = ['throw', 'reject'] as const;
const directives = ['resume', 'restart', 'stop', 'escalate'] as const satisfies SupervisionDirective[];

/** What is observed of an actor that fails in this phase. */
const runs = {
  /** What the failed ask, and the one that waited behind it, end with; and the sum after that. */
  async handle(grid, key) {
    const one = grid.actor(subject, key);
    await one.add();
    const holding = one.hold();
    const failing = outcome(one.fail());
    const waiting = outcome(one.add());
    await holding;
    return [await failing, await waiting, await one.total()];
  },
  /** How the timer's message is found dead, and the sum after that. */
  async timer(grid, key) {
    const one = grid.actor(subject, key);
    await one.add();
    await one.arm();
    const dead = await eventually(async () => {
      const found = (await grid.deadLetters.list()).find((letter) => letter.key === key);
      expect(found).toBeDefined();
      return `${found?.method} ${found?.reason} ${found?.error.name}`;
    });
    return [dead, await one.total()];
  },
  /** What two asks that wait for the start end with, and one after that. */
  async activate(grid, key) {
    const one = grid.actor(subject, key);
    const asks = [outcome(one.add()), outcome(one.add())];
    return [...(await Promise.all(asks)), await one.add()];
  },
  /** The sum after the actor has left and come again. */
  async deactivate(grid, key) {
    const one = grid.actor(subject, key);
    await one.add();
    await one.leave();
    return [await one.total()];
  },
} satisfies Record<FailurePhase, (grid: Grid, key: string) => Promise<unknown[]>>;

/** What a run ends with. An ask that is made in the start of an actor that fails in it waits, or begins it anew. */
const expected: Record<FailurePhase, Record<SupervisionDirective, readonly unknown[]>> = {
  handle: {
    resume: ['RangeError', 12, 12],
    restart: ['RangeError', 1, 1],
    stop: ['RangeError', 'ACTOR_STOPPED', 0],
    escalate: ['RangeError', 'ACTOR_STOPPED', 0],
  },
  timer: {
    resume: ['ring failed RangeError', 11],
    restart: ['ring failed RangeError', 0],
    stop: ['ring failed RangeError', 0],
    escalate: ['ring failed RangeError', 0],
  },
  // Asks that arrive together wait for the same start.
  activate: {
    resume: ['RangeError', 'RangeError', 1],
    restart: [1, 2, 3],
    stop: ['RangeError', 'RangeError', 1],
    escalate: ['RangeError', 'RangeError', 1],
  },
  deactivate: {
    resume: [101],
    restart: [0],
    stop: [0],
    escalate: [0],
  },
};

async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    return code ?? name;
  }
}

const phases = Object.keys(runs) as FailurePhase[];
const methods = { handle: 'fail', timer: 'ring', activate: '', deactivate: '' };

describe.each(topologies)('supervision, %s,', (_, threads) => {
  test.each(phases)('of what throws or rejects in `%s`, under each directive', async (phase) => {
    const grid = await start(threads, { modules: [url] });
    const told: ActorFailed[] = [];
    grid.on('actorFailed', (failed) => told.push(failed));
    const cells = faults.flatMap((fault) => directives.map((directive) => ({ fault, directive })));
    const keyOf = ({ fault, directive }: (typeof cells)[number]): string => `${fault} ${directive} ${phase}`;
    const seen = await Promise.all(
      cells.map(async (cell) => [keyOf(cell), await runs[phase](grid, keyOf(cell))] as const),
    );
    const table = cells.map((cell) => [keyOf(cell), expected[phase][cell.directive]] as const);
    expect(seen).toEqual(table);
    await eventually(() => Promise.resolve(expect(told).toHaveLength(faults.length)));
    expect(new Set(told.map(({ key }) => key))).toEqual(
      new Set(faults.map((fault) => keyOf({ fault, directive: 'escalate' }))),
    );
    for (const { error, ...rest } of told) {
      expect(rest).toMatchObject({ actor: 'subject', phase, method: methods[phase] });
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ message: `failed in ${phase}` });
    }
  });
});

describe.each(topologies)('a stream, %s,', (_, threads) => {
  test.each(['stop', 'escalate'] as const)(
    'ends with the actor whose supervision says %s',
    async (directive) => {
      const grid = await start(threads, { modules: [url] });
      let read = 0;
      const reading = (async () => {
        for await (const n of grid.actor(producer, directive).numbers()) {
          read = n;
          if (n === 1_000) void rejection(grid.actor(producer, directive).fail());
        }
      })();
      expect(await outcome(reading)).toBe('ACTOR_STOPPED');
      expect(read).toBeGreaterThanOrEqual(1_000);
      expect(await grid.actor(producer, directive).total()).toBe(0);
    },
  );

  test('goes on with the new state when its actor is restarted', async () => {
    const grid = await start(threads, { modules: [url] });
    const one = grid.actor(producer, 'restart');
    let before = 0;
    for await (const n of one.numbers()) {
      if (n < before) break;
      before = n;
      if (n === 1_000) void rejection(one.fail());
    }
    expect(before).toBeGreaterThanOrEqual(1_000);
  });

  test('that throws is a failure as any other', async () => {
    const grid = await start(threads, { modules: [url] });
    const told: ActorFailed[] = [];
    grid.on('actorFailed', (failed) => told.push(failed));
    expect(await rejection(collect(grid.actor(producer, 'escalate').broken()))).toBeInstanceOf(RangeError);
    await eventually(() => Promise.resolve(expect(told).toHaveLength(1)));
    expect(told).toMatchObject([{ phase: 'handle', method: 'broken' }]);
  });
});

describe('the death of the thread', () => {
  beforeAll(() => {
    process.env['TROUPE_FAULTY'] = '1';
  });
  afterAll(() => {
    delete process.env['TROUPE_FAULTY'];
  });
  afterEach(() => {
    process.env['TROUPE_FAULTY'] = '1';
  });

  // The directive has no say: the supervisor dies with the actor.
  test.each(phases)('in `%s` ends every call with HOST_LOST, and the actor begins anew', async (phase) => {
    const grid = await start(1, { modules: [url] });
    delete process.env['TROUPE_FAULTY'];
    const one = grid.actor(subject, `death escalate ${phase}`);
    const told: unknown[] = [];
    grid.on('actorFailed', (failed) => told.push(failed));
    const lost = new Promise((resolve) => grid.on('partitionsLost', resolve));
    if (phase !== 'activate') await one.add();
    const method = ({ activate: 'add', handle: 'fail', timer: 'arm', deactivate: 'leave' } as const)[phase];
    const calls = [outcome(one[method]()), outcome(one.hold())];
    await lost;
    const ends = await Promise.all(calls);
    // The call that only led to it may have been answered before.
    if (phase === 'activate' || phase === 'handle') expect(ends).toEqual(['HOST_LOST', 'HOST_LOST']);
    else for (const end of ends) expect([undefined, 'HOST_LOST']).toContain(end);
    expect(await one.add()).toBe(1);
    expect(told).toEqual([]);
  });
});

describe.each(topologies)('dead letters, %s,', (_, threads) => {
  test('tell of the messages of all threads that came to nothing, and are sent again or dropped', async () => {
    const grid = await start(threads, { modules: [url] });
    const keys = Array.from({ length: 6 }, (_, i) => `key ${i}`);
    for (const key of keys) await grid.tell(narrow, key).fail(key, { a: [1] });
    const letters = await eventually(async () => {
      const all = await grid.deadLetters.list();
      expect(all).toHaveLength(keys.length);
      return all;
    });
    expect(new Set(letters.map(({ key }) => key))).toEqual(new Set(keys));
    expect(letters.every(({ host }, i) => host === 0 || letters[i]?.host === 1)).toBe(true);
    const [first] = letters;
    expect(first).toMatchObject({
      actor: 'narrow',
      method: 'fail',
      args: [first?.key, { a: [1] }],
      reason: 'failed',
      error: { name: 'Error', message: 'no 2', code: 'MINE' },
      attempts: 1,
    });
    expect(await grid.deadLetters.discard(first?.id ?? '')).toBe(true);
    expect(await grid.deadLetters.discard(first?.id ?? '')).toBe(false);
    // It fails again, and is a new dead letter.
    expect(await grid.deadLetters.replay(letters[1]?.id ?? '')).toBe(true);
    await eventually(async () => {
      const left = await grid.deadLetters.list();
      expect(new Set(left.map(({ key }) => key))).toEqual(new Set(keys.filter((key) => key !== first?.key)));
      expect(left.map(({ id }) => id)).not.toContain(letters[1]?.id);
    });
    expect(await rejection(grid.deadLetters.replay('x'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await grid.deadLetters.replay('200:1')).toBe(false);
  });

  test('hold what a full mailbox has refused, and can be sent again when there is room', async () => {
    const grid = await start(threads, { modules: [url] });
    const holding = grid.actor(narrow, 'a').hold(100);
    const tell = grid.tell(narrow, 'a');
    for (const word of ['1', '2', '3']) void tell.note(word, 'x');
    const [letter] = await eventually(async () => {
      const all = await grid.deadLetters.list();
      expect(all).toHaveLength(2);
      return all;
    });
    expect(letter).toMatchObject({
      reason: 'refused',
      attempts: 0,
      args: ['2', 'x'],
      error: { code: 'MAILBOX_FULL' },
    });
    expect(await rejection(grid.deadLetters.replay(letter?.id ?? ''))).toMatchObject({
      code: 'MAILBOX_FULL',
    });
    await holding;
    expect(await grid.deadLetters.replay(letter?.id ?? '')).toBe(true);
    expect(await grid.actor(narrow, 'a').all()).toEqual(['1', 'x', '2', 'x']);
    expect(await grid.deadLetters.list()).toHaveLength(1);
  });
});
