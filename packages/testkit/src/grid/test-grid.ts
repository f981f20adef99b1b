/**
 * A whole grid for one test: on the test's thread, in virtual time, in an order drawn from a seed, through the codec.
 * What it promises is that of a grid with threads, but for the speed; see docs/testing.md.
 */
import { checkOptions, mustBe, mustBeInteger, pause } from '@troupe/core';
import type { Grid } from 'troupe';
import { type InlineGridOptions, startInlineGrid } from 'troupe/inline';
import { LeftoversError, leftoversOf, waiting } from './leftovers.ts';
import { type AnyProbe, standInsOf } from './probe.ts';
import { VirtualWorld } from './virtual-world.ts';

/** Hosts that a test grid has by default: two, so that what crosses threads in production crosses in tests. */
const hostsDefault = 2;
const hostsMax = 64;
/** How far `settle` moves the time by default: longer than every default deadline. */
const settleMsDefault = 10 * 60_000;

export interface TestGridOptions extends InlineGridOptions {
  /** Decides the order and every draw of chance. A whole number from 0 to 2^53 - 1. Default 0. */
  readonly seed?: number;
  /** Hosts, each with a share of the partitions; nothing but messages passes between them. Default 2, at most 64. */
  readonly hosts?: number;
  /** How long a terminated host stays away, in milliseconds of virtual time. Default 0: no longer than the news takes. */
  readonly hostRestartMs?: number;
  /** Each replaces the code of its definition. */
  readonly probes?: readonly AnyProbe[];
}

export interface TestGrid extends Grid {
  readonly seed: number;
  /** A digest of everything that has run so far, in its order: equal for equal seeds. */
  readonly traceHash: string;
  /** Virtual milliseconds since the start of the grid. */
  now(): number;
  /**
   * Moves the time on: deadlines, pauses and timers that come due run in their order, and each with all that follows
   * from it before the next. Throws INVALID_ARGUMENT for a negative time.
   */
  advance(ms: number): Promise<void>;
  /** Resolves when nothing is left to do at this moment. The time stays. */
  runUntilIdle(): Promise<void>;
  /**
   * Settles as `promise` does, and moves the time on from timer to timer as far as that takes. Rejects with a
   * StuckError when nothing will ever settle it, or nothing does within `withinMs` (default ten minutes).
   */
  settle<T>(promise: Promise<T>, options?: { readonly withinMs?: number }): Promise<T>;
  /** Resolves when so much virtual time has passed: for code under test that is to be given its timer. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Ends a host as the death of its thread does; its successor follows (see `hostRestartMs`). */
  terminateHost(host: number): Promise<void>;
  /** What is under way and would be left behind if the test ended now, a line each. Moves no time. */
  leftovers(): Promise<string[]>;
  /** Closes the grid as `grid.close()` does, in virtual time. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Closes the grid, and throws LeftoversError when something was left behind. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A promise of a test will not settle. */
export class StuckError extends Error {
  override readonly name = 'StuckError';
  readonly seed: number;

  constructor(reason: string, leftovers: readonly string[], seed: number) {
    const lines = leftovers.map((line) => `\n- ${line}`).join('');
    super(`${reason} (seed ${seed}); under way: ${lines === '' ? 'nothing that the grid knows of' : lines}`);
    this.seed = seed;
  }
}

/**
 * Starts a grid for a test. Messages flow by themselves as soon as the test awaits something; time moves only when the
 * test says so. `await using` closes it and fails the test when something is left behind. Throws as `startGrid` does.
 *
 * @example
 * await using grid = await createTestGrid({ definitions: [cart] });
 * const added = grid.actor(cart, 'ann').add({ id: 1 });
 * await grid.advance(30_000);
 */
export async function createTestGrid(options: TestGridOptions): Promise<TestGrid> {
  const { seed = 0, hosts = hostsDefault, hostRestartMs = 0, probes = [], ...others } = options;
  mustBeInteger(seed, 'seed', 0, Number.MAX_SAFE_INTEGER);
  mustBeInteger(hosts, 'hosts', 1, hostsMax);
  mustBeTime(hostRestartMs, 'hostRestartMs');
  const standIns = standInsOf(probes);
  const definitions = [...(others.definitions ?? []), ...standIns.keys()];
  const world = new VirtualWorld({ seed, hostCount: hosts, restartMs: hostRestartMs });
  const { grid, core } = await startInlineGrid(
    { ...others, definitions: [...new Set(definitions)] },
    world,
    standIns,
  );
  for (const probe of probes) probe.attach(world);
  const settle: TestGrid['settle'] = (promise, bounds = {}) => {
    checkOptions(bounds, 'options', ['withinMs']);
    const { withinMs = settleMsDefault } = bounds;
    mustBeTime(withinMs, 'withinMs');
    return new Settling(world, seed, () => waiting(world, core.core.definitions)).settle(promise, withinMs);
  };
  const leftovers = async (): Promise<string[]> => {
    await world.idle();
    return leftoversOf(grid, world, core.core.definitions);
  };
  let disposing: Promise<void> | undefined;
  const close: TestGrid['close'] = (given) => settle(grid.close(given));
  const own = {
    seed,
    now: () => world.nowMs,
    async advance(ms: number): Promise<void> {
      mustBeTime(ms, 'ms');
      await world.advance(ms);
    },
    runUntilIdle: () => world.idle(),
    settle,
    sleep: (ms: number, signal?: AbortSignal) =>
      pause(core.core.member.clock, ms, { signal, what: 'a sleep' }),
    leftovers,
    close,
    async terminateHost(host: number): Promise<void> {
      await grid.terminateHost(host);
      await world.idle();
    },
    [Symbol.asyncDispose]: () => (disposing ??= dispose()),
  };
  async function dispose(): Promise<void> {
    // Of a grid that is closed already nothing can be asked, and nothing is left.
    const left = core.core.member.closed ? [] : await leftovers();
    await close({ timeoutMs: 1 });
    if (left.length > 0) throw new LeftoversError(left, seed);
  }
  return Object.defineProperty({ ...grid, ...own }, 'traceHash', { get: () => world.traceHash }) as TestGrid;
}

class Settling {
  readonly #world: VirtualWorld;
  readonly #seed: number;
  readonly #waiting: () => string[];

  constructor(world: VirtualWorld, seed: number, waitingNow: () => string[]) {
    this.#world = world;
    this.#seed = seed;
    this.#waiting = waitingNow;
  }

  async settle<T>(promise: Promise<T>, withinMs: number): Promise<T> {
    const untilMs = this.#world.nowMs + withinMs;
    let settled = false;
    const end = (): void => {
      settled = true;
    };
    promise.then(end, end);
    await this.#world.idle();
    while (!settled) {
      if (await this.#world.advanceToTimer(untilMs)) continue;
      if (settled) break;
      throw this.#world.hasTimers
        ? this.#stuck(`the promise has not settled within ${withinMs} ms`)
        : this.#stuck('nothing is left to run, and the promise has not settled');
    }
    return promise;
  }

  #stuck(reason: string): StuckError {
    return new StuckError(reason, this.#waiting(), this.#seed);
  }
}

function mustBeTime(value: number, name: string): void {
  mustBe(Number.isFinite(value) && value >= 0, name, 'a finite number of milliseconds, 0 or more', value);
}
