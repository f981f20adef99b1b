import { describe, expect, test, vi } from 'vitest';
import { nextEvent, rejection, startEcho } from '../fixtures/start-echo.ts';

describe('close()', () => {
  test('gives the same promise every time and leaves no thread', async () => {
    const grid = await startEcho({ threads: 2 });
    const first = grid.close();
    expect(grid.close({ timeoutMs: 1 })).toBe(first);
    await first;
    expect(grid.hosts()).toMatchObject([
      { state: 'closed', threadId: undefined },
      { state: 'closed', threadId: undefined },
    ]);
    await vi.waitFor(() => expect(process.getActiveResourcesInfo()).not.toContain('MessagePort'));
  });

  test.each([0, 1])(
    'with %i threads refuses new calls at once and lets those that run finish',
    async (threads) => {
      const grid = await startEcho({ threads });
      const running = grid.api.ask(0, 'later', 20);
      const closing = grid.close();
      expect(await rejection(grid.api.ask(0, 'echo'))).toMatchObject({
        code: 'GRID_CLOSED',
        retryable: false,
      });
      expect(await running).toBe('late');
      await closing;
      expect(await rejection(grid.api.ask(0, 'echo'))).toMatchObject({ code: 'GRID_CLOSED' });
    },
  );

  test('lets work that was open make calls until it ends', async () => {
    const grid = await startEcho();
    const end = grid.core.member.work.begin();
    const closing = grid.close();
    expect(await grid.api.ask(0, 'echo', 'within')).toBe('within');
    expect(() => end()).not.toThrow();
    expect(() => grid.core.member.work.begin()).toThrow('the grid is closing');
    await closing;
  });

  test('ends what runs when the time is up', async () => {
    const grid = await startEcho({ threads: 2 });
    const never = rejection(grid.api.ask(0, 'never'));
    await grid.api.ask(1, 'work');
    await grid.close({ timeoutMs: 20 });
    expect(await never).toMatchObject({ code: 'GRID_CLOSED' });
    expect(grid.hosts().map(({ state }) => state)).toEqual(['closed', 'closed']);
  });

  test('while a host restarts starts no more threads, and refuses calls that waited for it', async () => {
    const grid = await startEcho({ threads: 2 });
    let restarts = 0;
    grid.on('partitionsRestored', () => restarts++);
    await grid.terminateHost(0);
    const waiting = rejection(grid.api.ask(0, 'echo'));
    await grid.close();
    expect(await waiting).toMatchObject({ code: 'GRID_CLOSED' });
    expect(restarts).toBe(0);
    expect(grid.hosts().map(({ state }) => state)).toEqual(['closed', 'closed']);
  });

  test('in a pause between restarts ends the pause', async () => {
    const restart = { backoffMs: 60_000, backoffMsMax: 60_000, inARowMax: 3, healthyMs: 60_000 };
    const grid = await startEcho({}, { restart });
    const lost = nextEvent(grid, 'partitionsLost');
    await grid.terminateHost(0);
    await lost;
    expect(grid.hosts()).toMatchObject([{ state: 'restarting' }]);
    await grid.close();
    expect(grid.hosts()).toMatchObject([{ state: 'closed' }]);
  });

  test('copes with a host that dies meanwhile', async () => {
    const grid = await startEcho({ threads: 2 });
    const never = rejection(grid.api.ask(0, 'never'));
    const relayed = rejection(grid.api.ask(1, 'ask', { host: 0, command: 'never' }));
    await grid.api.ask(0, 'echo');
    await grid.api.ask(1, 'echo');
    const closing = grid.close();
    await grid.terminateHost(0);
    expect(await never).toMatchObject({ code: 'HOST_LOST' });
    expect(await relayed).toMatchObject({ code: 'HOST_LOST' });
    await closing;
    expect(grid.hosts().map(({ state }) => state)).toEqual(['closed', 'closed']);
  });
});

test('a grid without threads has none to terminate', async () => {
  const grid = await startEcho({ threads: 0 });
  await expect(grid.terminateHost(0)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

test('a host that does not exist can not be terminated', async () => {
  const grid = await startEcho();
  await expect(grid.terminateHost(1)).rejects.toThrow('there is no host 1');
});
