/** What a test has left behind in its grid, in words: a line each, with a name that its author knows. */
import type { Definitions } from '@troupe/core';
import type { Grid, LockRow } from 'troupe';
import { describeRequest } from './describe-request.ts';
import type { VirtualWorld } from './virtual-world.ts';

/** A test grid was closed, or asked, while something was still under way in it. */
export class LeftoversError extends Error {
  override readonly name = 'LeftoversError';
  /** A line each. */
  readonly leftovers: readonly string[];
  readonly seed: number;

  constructor(leftovers: readonly string[], seed: number) {
    super(
      `the test left ${leftovers.length === 1 ? 'this' : `these ${leftovers.length}`} behind in its grid (seed ${seed}):\n${leftovers.map((line) => `- ${line}`).join('\n')}`,
    );
    this.leftovers = leftovers;
    this.seed = seed;
  }
}

/** Calls without an answer and timers: what can be seen at once. */
export function waiting(world: VirtualWorld, definitions: Definitions): string[] {
  const calls = world.members.flatMap((member) =>
    member
      .unanswered()
      .map((message) => `a call from ${placeOf(member.self.id)}: ${describeRequest(message, definitions)}`),
  );
  const timers = world
    .namedTimers()
    .map(({ what, dueMs }) => `a timer, due at ${round(dueMs)} ms (it is ${round(world.nowMs)} ms): ${what}`);
  return [...calls, ...timers];
}

/** All of it. The questions have to be carried, so somebody must run the world meanwhile. */
export async function leftoversOf(
  grid: Pick<Grid, 'transactions' | 'locks'>,
  world: VirtualWorld,
  definitions: Definitions,
): Promise<string[]> {
  const [transactions, locks] = await Promise.all([grid.transactions.list(), grid.locks.list()]);
  const found = [
    ...waiting(world, definitions),
    ...transactions.map(
      ({ id, label, state, readOnly, host }) =>
        `${readOnly ? 'a read-only' : 'a'} transaction of ${host === undefined ? 'the service' : `host ${host}`}, ${state}: ${label === undefined ? 'without a label' : `'${label}'`} (id ${id})`,
    ),
    ...locks
      .filter(isOnItsOwn)
      .map(
        ({ table, key, range, mode, state, label, transaction }) =>
          `a ${wordFor(mode)} lock ${state === 'held' ? 'held' : 'waited for'} on ${table}${key === undefined ? (range ?? ', all of it') : `, key ${JSON.stringify(key)}`} by ${label === undefined ? `transaction ${transaction}` : `'${label}'`}`,
      ),
  ];
  return found.length > 0 ? found : openWork(world);
}

/** Only where nothing else says more: a turn of a tell, a stream, an iteration. */
function openWork(world: VirtualWorld): string[] {
  return world.members.flatMap(({ self, work }) =>
    work.count === 0 ? [] : [`work under way on ${placeOf(self.id)}: a turn of an actor, a stream or a job`],
  );
}

/** Not one that only says that there are locks on keys below. */
function isOnItsOwn({ mode }: LockRow): boolean {
  return mode !== 'IS' && mode !== 'IX';
}

function wordFor(mode: LockRow['mode']): string {
  return mode === 'S' ? 'read' : 'write';
}

function placeOf(member: number): string {
  return member === 0 ? 'the service' : `host ${member - 1}`;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
