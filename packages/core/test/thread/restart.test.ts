import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostLostError, type TroupeError } from '@troupe/core';
import { afterEach, describe, expect, test } from 'vitest';
import { type EchoGrid, moduleUrl, nextEvent, rejection, startEcho } from '../fixtures/start-echo.ts';

function stateOf(grid: EchoGrid): string[] {
  return grid.hosts().map(({ state }) => state);
}

describe('a host that is killed', () => {
  test('rejects the calls it had, serves later ones on a new thread, and both are told', async () => {
    const grid = await startEcho({ threads: 2 });
    const before = grid.hosts()[0];
    const lost = nextEvent(grid, 'partitionsLost');
    const restored = nextEvent(grid, 'partitionsRestored');
    const pending = Array.from({ length: 100 }, () => rejection(grid.api.ask(0, 'never')));
    const relayed = rejection(grid.api.ask(1, 'ask', { host: 0, command: 'never' }));
    await grid.api.ask(0, 'echo', 'they have arrived');
    // Behind the other one on both of its ways: a call that is sent later waits for the next thread.
    await grid.api.ask(1, 'ask', { host: 0, command: 'where' });
    await grid.terminateHost(0);

    for (const error of await Promise.all([...pending, relayed])) {
      expect(error).toMatchObject({
        code: 'HOST_LOST',
        retryable: true,
        details: { host: 0, incarnation: 1 },
      });
    }
    const [fromMain, fromHost] = await Promise.all([
      grid.api.ask(0, 'where'),
      grid.api.ask(1, 'ask', { host: 0, command: 'where' }),
    ]);
    expect(fromMain).toMatchObject({ member: 1, incarnation: 2 });
    expect(fromHost).toEqual(fromMain);
    expect(grid.hosts()[0]).toMatchObject({
      state: 'serving',
      incarnation: 2,
      partitions: before?.partitions,
    });
    expect(grid.hosts()[0]?.threadId).not.toBe(before?.threadId);

    const partitions = [0, 2, 4, 6];
    expect(await lost).toMatchObject({ host: 0, incarnation: 1, partitions, error: { code: 'HOST_LOST' } });
    expect(await restored).toEqual({ host: 0, incarnation: 2, dataLost: true, partitions });
  });

  test('under load leaves no call without an end, whoever made it', async () => {
    const grid = await startEcho({ threads: 2 });
    const outcomes = new Map<string, number>();
    let stop = false;
    const callers = Array.from({ length: 40 }, async (_, caller) => {
      while (!stop) await count(call(caller));
    });
    for (const kill of [2, 3, 4]) {
      const restored = nextEvent(grid, 'partitionsRestored');
      await grid.terminateHost(kill % 2);
      await restored;
    }
    stop = true;
    await Promise.all(callers);
    expect([...outcomes.keys()].sort()).toEqual(['HOST_LOST', 'answered']);
    expect(await call(0)).toBe(0);

    function call(caller: number): Promise<unknown> {
      const host = caller % 2;
      if (caller % 4 < 2) return grid.api.ask(host, 'echo', caller);
      return grid.api.ask(host, 'ask', { host: 1 - host, command: 'echo', argument: caller });
    }
    async function count(answer: Promise<unknown>): Promise<void> {
      const outcome = await answer.then(
        () => 'answered',
        (error: TroupeError) => error.code,
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  });

  test('raises the incarnations of its partitions and of no other', async () => {
    const grid = await startEcho({ threads: 2 });
    const restored = nextEvent(grid, 'partitionsRestored');
    await grid.terminateHost(1);
    await restored;
    const { shared } = grid.core.member;
    expect(Array.from({ length: 8 }, (_, id) => shared.incarnationOf(id))).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
    expect(await grid.api.ask(1, 'partitions')).toContainEqual({ id: 1, incarnation: 2 });
    expect(await grid.api.ask(0, 'partitions')).toContainEqual({ id: 0, incarnation: 1 });
  });

  test('no longer holds back a snapshot it had published', async () => {
    const grid = await startEcho({ threads: 1 });
    const { shared } = grid.core.member;
    shared.publishSnapshot(1, 5);
    const lost = nextEvent(grid, 'partitionsLost');
    await grid.terminateHost(0);
    await lost;
    expect(shared.oldestSnapshot()).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('together with all others comes back, connected with all others', async () => {
    const grid = await startEcho({ threads: 3 });
    await Promise.all([grid.terminateHost(0), grid.terminateHost(1), grid.terminateHost(2)]);
    for (const from of [0, 1, 2]) {
      for (const to of [0, 1, 2]) {
        const answer = await grid.api.ask(from, 'ask', { host: to, command: 'where' });
        expect(answer).toMatchObject({ member: to + 1, incarnation: 2 });
      }
    }
  });

  test('while another restarts comes back as well', async () => {
    const grid = await startEcho({ threads: 2 });
    await grid.terminateHost(0);
    await Promise.resolve();
    await grid.terminateHost(1);
    expect(await grid.api.ask(0, 'ask', { host: 1, command: 'echo', argument: 1 })).toBe(1);
    expect(await grid.api.ask(1, 'ask', { host: 0, command: 'echo', argument: 2 })).toBe(2);
  });

  test('while it restarts is started once more', async () => {
    const grid = await startEcho({ threads: 1 });
    await grid.terminateHost(0);
    while (grid.hosts()[0]?.threadId === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(stateOf(grid)).toEqual(['restarting']);
    await grid.terminateHost(0);
    expect(await grid.api.ask(0, 'where')).toMatchObject({ incarnation: 3 });
  });
});

describe('a host that fails', () => {
  const faults: [fault: string, command: string, argument: unknown, how: string][] = [
    ['an uncaught exception', 'throwLater', 'out of paper', 'RangeError: out of paper'],
    ['an unhandled rejection', 'rejectUnseen', 'out of ink', 'RangeError: out of ink'],
  ];
  test.each(faults)(
    'by %s says so in the event, with the class of the error',
    async (_, command, argument, how) => {
      const grid = await startEcho();
      const lost = nextEvent(grid, 'partitionsLost');
      await rejection(grid.api.ask(0, command, argument).then(() => grid.api.ask(0, 'never')));
      const { error } = await lost;
      expect(error).toBeInstanceOf(HostLostError);
      expect(error.message).toBe(
        `the thread of host 0 has ended: an error was thrown that nobody caught: ${how}`,
      );
      expect(error.cause).toBeInstanceOf(RangeError);
      expect((error.cause as Error).stack).toContain('echo-wire.js');
      expect(await grid.api.ask(0, 'echo', 'back')).toBe('back');
    },
  );

  test('by process.exit() says so in the event', async () => {
    const grid = await startEcho();
    const lost = nextEvent(grid, 'partitionsLost');
    expect(await rejection(grid.api.ask(0, 'exit', 3))).toMatchObject({ code: 'HOST_LOST' });
    expect((await lost).error.message).toBe(
      'the thread of host 0 has ended: process.exit(3) was called on it',
    );
  });

  test('is told to the diagnostics channel', async () => {
    const messages: unknown[] = [];
    const listener = (message: unknown): void => void messages.push(message);
    subscribe('troupe.host', listener);
    try {
      const grid = await startEcho();
      const restored = nextEvent(grid, 'partitionsRestored');
      await grid.terminateHost(0);
      await restored;
    } finally {
      unsubscribe('troupe.host', listener);
    }
    expect(messages).toMatchObject([
      { event: 'partitionsLost', host: 0 },
      { event: 'partitionsRestored', host: 0 },
    ]);
  });

  test('at once, again and again, is given up, and calls to it are refused', async () => {
    const grid = await startEcho({ threads: 2 });
    const failed = nextEvent(grid, 'hostFailed');
    let restarts = 0;
    grid.on('partitionsRestored', () => {
      restarts++;
      void grid.terminateHost(0);
    });
    await grid.terminateHost(0);
    const waiting = rejection(grid.api.ask(1, 'ask', { host: 0, command: 'never' }));
    expect(await failed).toMatchObject({ host: 0, partitions: [0, 2, 4, 6], error: { code: 'HOST_LOST' } });
    expect(restarts).toBe(3);
    expect(stateOf(grid)).toEqual(['failed', 'serving']);
    const refusals = [grid.api.ask(0, 'echo'), grid.api.ask(1, 'ask', { host: 0, command: 'echo' })];
    for (const error of await Promise.all(refusals.map(rejection))) {
      expect(error).toMatchObject({ code: 'PARTITION_UNAVAILABLE' });
      expect((error as TroupeError).details['reason']).toContain('it was terminated');
    }
    expect(await waiting).toMatchObject({ retryable: true });
    expect(await grid.api.ask(1, 'echo', 'unharmed')).toBe('unharmed');
  });
});

describe('a host that was healthy for a while', () => {
  test('may die any number of times', async () => {
    const restart = { backoffMs: 1, backoffMsMax: 1, inARowMax: 0, healthyMs: 0 };
    const grid = await startEcho({}, { restart });
    for (const incarnation of [2, 3, 4]) {
      await grid.terminateHost(0);
      expect(await grid.api.ask(0, 'where')).toMatchObject({ incarnation });
    }
  });
});

describe('a module that can not be loaded again', () => {
  afterEach(() => {
    delete process.env['TROUPE_TEST_MARK'];
  });

  test('makes its host fail with the reason', async () => {
    process.env['TROUPE_TEST_MARK'] = join(await mkdtemp(join(tmpdir(), 'troupe-')), 'mark');
    const grid = await startEcho({ modules: [moduleUrl('fails-second-time.js')] });
    const failed = nextEvent(grid, 'hostFailed');
    const waiting = rejection(grid.terminateHost(0).then(() => grid.api.ask(0, 'echo')));
    expect((await failed).error.message).toContain('RangeError: not twice');
    expect(await waiting).toMatchObject({ code: 'PARTITION_UNAVAILABLE' });
  });
});
