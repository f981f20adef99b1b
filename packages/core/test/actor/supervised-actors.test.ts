// Actors with supervision: what the decisions do to their state, their messages and their time.
import { type ActorFailure, actor, actorTable, hashKey, type SupervisionDirective } from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { gate, ManualPorts, oneMember, rejectionOf } from './actor-grid.ts';

let ports = new ManualPorts();
let held = gate();
let directive: SupervisionDirective | (() => unknown) = 'resume';
let steps: string[] = [];
let seen: ActorFailure[] = [];
let startsToFail = 0;
beforeEach(() => {
  ports = new ManualPorts();
  held = gate();
  directive = 'resume';
  steps = [];
  seen = [];
  startsToFail = 0;
});

const worker = actor('worker', {
  state: (_key: string) => ({ n: 0, log: [] as string[] }),
  readonly: ['peek', 'failReading'],
  activate(ctx) {
    steps.push(`activate ${ctx.state.n}`);
    if (startsToFail-- > 0) throw new Error('no start');
  },
  beforeRestart(ctx, error) {
    steps.push(`before restart ${ctx.state.n}: ${(error as Error).message}`);
    if (ctx.state.log.includes('bad hook')) throw new Error('hook');
  },
  supervision: {
    onError: (_error, failure) => {
      seen.push(failure);
      return typeof directive === 'function' ? (directive() as SupervisionDirective) : directive;
    },
    restarts: { max: 2, withinMs: 1_000, minDelayMs: 10, maxDelayMs: 15 },
    deliveryAttemptsMax: 3,
  },
  methods: {
    add: (ctx, by = 1) => (ctx.state.n += by),
    note: (ctx, word: string) => void ctx.state.log.push(word),
    fail(ctx, by: number[] = [1]) {
      ctx.state.n += by.pop() ?? 1_000;
      throw new Error('failed');
    },
    async failLater(ctx) {
      ctx.state.n++;
      await held.opened;
      throw new Error('failed later');
    },
    async failReading() {
      await held.opened;
      throw new Error('failed reading');
    },
    hold: () => held.opened,
    remind: (ctx) => ctx.setTimer('again', { everyMs: 5 }, 'add'),
    total: (ctx) => ctx.state.n,
    peek: (ctx) => ctx.state,
  },
});

const stage = () => {
  const grid = oneMember([worker], { ports });
  return { grid, one: grid.actor(worker, 'a'), tell: grid.tell(worker, 'a') };
};
const letters = async (grid: ReturnType<typeof stage>['grid']) =>
  (await grid.service.deadLetters.views.list()).map(({ method, reason, attempts, error }) => [
    method,
    reason,
    attempts,
    error.message,
  ]);

describe('an actor that resumes', () => {
  test('keeps what the method had changed, and its caller gets the error', async () => {
    const { one } = stage();
    await one.add();
    expect(await rejectionOf(one.fail())).toMatchObject({ message: 'failed' });
    expect(await one.total()).toBe(2);
    expect(seen).toEqual([{ key: 'a', phase: 'handle', method: 'fail', attempt: 1, restarts: 0 }]);
  });

  test('is delivered a tell again, with the arguments as they were sent, before those that came later', async () => {
    const { grid, one, tell } = stage();
    const holding = one.hold();
    void tell.fail([5]);
    void tell.note('later');
    held.open();
    await holding;
    expect(await one.peek()).toEqual({ n: 15, log: ['later'] });
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(await letters(grid)).toEqual([['fail', 'failed', 3, 'failed']]);
    expect(await grid.service.deadLetters.views.list()).toMatchObject([
      { args: [[5]], actor: 'worker', key: 'a' },
    ]);
  });
});

describe('an actor that is restarted', () => {
  beforeEach(() => {
    directive = 'restart';
  });

  test('begins anew after the pause, and messages wait meanwhile', async () => {
    const { one } = stage();
    await one.add();
    expect(await rejectionOf(one.fail())).toMatchObject({ message: 'failed' });
    const waiting = one.add();
    ports.pass(9);
    expect(steps).toEqual(['activate 0', 'before restart 2: failed']);
    ports.pass(1);
    expect(await waiting).toBe(1);
    expect(steps).toEqual(['activate 0', 'before restart 2: failed', 'activate 0']);
  });

  test('begins anew also when no message comes, and loses its timers', async () => {
    const { one } = stage();
    await one.remind();
    expect(ports.timers).toBe(1);
    await rejectionOf(one.fail());
    ports.pass(100);
    expect([steps.at(-1), ports.timers]).toEqual(['activate 0', 0]);
    expect(await one.total()).toBe(0);
  });

  test('waits for the turns beside the one that failed, and begins none', async () => {
    const { one } = stage();
    await one.add();
    const failing = rejectionOf(one.failReading());
    const beside = gate();
    const outer = held;
    held = beside;
    const second = rejectionOf(one.failReading());
    outer.open();
    await failing;
    const later = one.total();
    expect(steps).toEqual(['activate 0']);
    beside.open();
    await second;
    ports.pass(10);
    expect(await later).toBe(0);
    expect(seen.map(({ restarts }) => restarts)).toEqual([0, 1]);
  });

  test('too often is stopped: what waits fails, and the next message begins it anew', async () => {
    const { one } = stage();
    for (const pauseMs of [10, 15]) {
      await rejectionOf(one.fail());
      ports.pass(pauseMs);
    }
    const failing = rejectionOf(one.failLater());
    const waiting = rejectionOf(one.add());
    held.open();
    expect(await failing).toMatchObject({ message: 'failed later' });
    expect(await waiting).toMatchObject({
      code: 'ACTOR_STOPPED',
      retryable: true,
      details: { actor: 'worker', key: 'a', phase: 'handle', method: 'failLater' },
      cause: { message: 'failed later' },
    });
    expect(await one.add()).toBe(1);
  });

  test('may be so again when the window has passed', async () => {
    const { one } = stage();
    for (let i = 0; i < 6; i++) {
      await rejectionOf(one.fail());
      ports.pass(600);
      expect(await one.total()).toBe(0);
    }
  });

  test('is restarted also when its hook throws', async () => {
    const { one } = stage();
    await one.note('bad hook');
    await rejectionOf(one.fail());
    ports.pass(10);
    expect(await one.peek()).toEqual({ n: 0, log: [] });
  });

  test('gets the tell it failed on again, first', async () => {
    const { grid, one, tell } = stage();
    await tell.fail();
    void tell.note('later');
    ports.pass(25);
    // A third failure is one restart too many: the tell is dead, and so is what waited.
    expect(await letters(grid)).toEqual([
      ['fail', 'failed', 3, 'failed'],
      ['note', 'stopped', 0, expect.stringContaining('stopped by its supervision')],
    ]);
    expect(await one.peek()).toEqual({ n: 0, log: [] });
  });

  test('in its start keeps what waits until it succeeds, or was tried too often', async () => {
    startsToFail = 2;
    const { one } = stage();
    const waiting = one.add();
    ports.pass(25);
    expect(await waiting).toBe(1);
    expect(seen.map(({ phase, attempt }) => [phase, attempt])).toEqual([
      ['activate', 1],
      ['activate', 2],
    ]);
    startsToFail = 9;
    const { one: other } = stage();
    const refused = rejectionOf(other.add());
    ports.pass(25);
    expect(await refused).toMatchObject({ message: 'no start' });
  });

  test('takes the state that a transaction installs during its pause', async () => {
    const { grid, one } = stage();
    await rejectionOf(one.fail());
    const partition = hashKey('a') % grid.shared.partitionCount;
    const states = grid.service.statesOf(partition, grid.shared.incarnationOf(partition));
    expect(states.isAtRest(actorTable(0), 'a')).toBe(true);
    states.install(actorTable(0), 'a', { n: 7, log: [] });
    const waiting = one.total();
    ports.pass(10);
    expect(await waiting).toBe(7);
  });
});

describe('an actor that is stopped', () => {
  test('forgets its state; tells that waited are dead letters', async () => {
    directive = 'stop';
    const { grid, one, tell } = stage();
    await one.add();
    const failing = rejectionOf(one.failLater());
    void tell.note('x');
    held.open();
    await failing;
    expect(await letters(grid)).toMatchObject([['note', 'stopped', 0, expect.any(String)]]);
    expect(await one.peek()).toEqual({ n: 0, log: [] });
  });

  test('by a tell is not delivered it again', async () => {
    directive = 'stop';
    const { grid, tell } = stage();
    await tell.fail();
    expect(seen).toHaveLength(1);
    expect(await letters(grid)).toEqual([['fail', 'failed', 1, 'failed']]);
  });
});

describe('a failure that escalates', () => {
  test('stops the actor and is told', async () => {
    directive = 'escalate';
    const { grid, one } = stage();
    const told: unknown[] = [];
    grid.service.failures.listen((failed) => told.push(failed));
    await rejectionOf(one.fail());
    expect(told).toMatchObject([
      { actor: 'worker', key: 'a', phase: 'handle', method: 'fail', error: { message: 'failed' } },
    ]);
    expect(await one.total()).toBe(0);
  });

  test('is also one that `onError` fails on, or answers with something else', async () => {
    const { grid, one } = stage();
    const told: { readonly error: unknown }[] = [];
    grid.service.failures.listen((failed) => told.push(failed));
    for (const wrong of [
      () => 'retry',
      () => {
        throw new Error('wrong');
      },
    ]) {
      directive = wrong;
      await rejectionOf(one.fail());
    }
    expect(told.map(({ error }) => (error as AggregateError).errors)).toMatchObject([
      [{ code: 'INVALID_ARGUMENT' }, { message: 'failed' }],
      [{ message: 'wrong' }, { message: 'failed' }],
    ]);
  });
});

describe('supervision', () => {
  test('refuses what makes no sense', () => {
    for (const supervision of [
      { onError: 'restart' },
      { restart: {} },
      { restarts: { max: -1 } },
      { restarts: { withinMs: 0 } },
      { restarts: { minDelayMs: 5, maxDelayMs: 1 } },
      { deliveryAttemptsMax: 0 },
    ])
      expect(() =>
        actor('wrong', { state: () => 0, methods: {}, supervision: supervision as never }),
      ).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
