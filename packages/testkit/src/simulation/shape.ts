/**
 * The shape of one simulated run: how large the grid is, what its clients do, how often hosts die. Each seed draws its
 * own ("swarm testing"): most kinds of work and most disturbances are absent from a part of the runs, because a
 * run in which everything happens at once hides what few things together would show. Times are multiples of the mean
 * delay of a link.
 */
import { drawNetworkWeather, type NetworkWeather } from '../network-weather.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** What clients do. */
export type OperationKind =
  /** A transaction whose body asks for one key after another. */
  | 'interactive'
  /** A transaction that locks all of its keys at once. */
  | 'declared'
  /** Writes on fresh keys that nobody reads first: locks and votes in one round. */
  | 'blind'
  /** A transaction that locks the table, reads all of it, and perhaps writes. */
  | 'scan'
  /** The same for a range of its keys. */
  | 'rangeScan'
  /** Reads of keys at a snapshot. */
  | 'snapshot'
  /** A walk over the table at a snapshot. */
  | 'snapshotScan'
  /** One operation on one key without a transaction. */
  | 'plain'
  /** A declared transaction that the owner of its first key runs for the caller. */
  | 'procedure'
  /** A transaction that empties table 2, and one that reads and writes it. */
  | 'clear'
  | 'clearable'
  /** An ordinary turn of an actor, and a transaction that has actors beside its keys. */
  | 'turn'
  | 'actors'
  /** A transaction that locks everything there is, then runs. */
  | 'all';

/** How fates are decided, and what a death takes away. */
export type SimulationMode = 'memory' | 'one-log';

/** Everything that a seed decides before its run begins. */
export interface Shape {
  readonly hosts: number;
  readonly partitions: number;
  /** Client processes at the member that never dies, and at each host. */
  readonly mainProcesses: number;
  readonly hostProcesses: number;
  /** Operations of all clients together. */
  readonly operations: number;
  readonly weights: Readonly<Record<OperationKind, number>>;
  readonly liveKeys: number;
  readonly mopsMax: number;
  readonly appendsPerKeyMax: number;
  /** Of all micro-operations of a transaction body, how many also write a fresh key blindly. */
  readonly blindChance: number;
  /** How often a part of a body is a nested transaction; half of them fail. */
  readonly nestedChance: number;
  readonly userAbortChance: number;
  readonly timeoutChance: number;
  /** How many transactions have an idempotency key; half of these repeat a call that was made before. */
  readonly keyedChance: number;
  /** By how many draws a priority makes a transaction count as older, or younger, at most. */
  readonly headStartMax: number;
  readonly deaths: number;
  /** Deaths of the whole process; only where there is a log. */
  readonly crashes: number;
  /** How long the log takes to flush. */
  readonly logDelay: number;
  /** How often a flush finds no room, and how often it fails for good. */
  readonly fullChance: number;
  readonly failChance: number;
  readonly restartDelay: number;
  /** How long after a death the incarnations rise, if nobody notices it earlier. */
  readonly noticeDelay: number;
  /** Status words of each member. */
  readonly slots: number;
  readonly flushDelay: number;
  readonly thinkDelay: number;
  readonly weather: NetworkWeather;
}

/** Draws the shape of a run; what `aim` names is taken from there. */
export function drawShape(random: SeededRandom, mode: SimulationMode, aim: Partial<Shape> = {}): Shape {
  const hosts = random.integer(1, 4);
  const drawn: Shape = {
    hosts,
    partitions: random.integer(Math.max(2, hosts), 8),
    mainProcesses: random.integer(1, 4),
    hostProcesses: random.integer(0, 2),
    operations: random.integer(40, 90),
    weights: drawWeights(random, mode),
    liveKeys: random.integer(2, 6),
    mopsMax: random.integer(2, 4),
    appendsPerKeyMax: random.pick([4, 16, 64]),
    blindChance: random.pick([0, 0.2]),
    nestedChance: random.pick([0, 0.3]),
    userAbortChance: random.pick([0, 0.1]),
    timeoutChance: random.pick([0, 0, 0.1]),
    keyedChance: random.fork('idempotency').pick([0, 0, 0.5]),
    headStartMax: random.fork('priority').pick([0, 0, 10, 200]),
    deaths: random.pick([0, 1, 2, 4]),
    crashes: mode === 'one-log' ? random.pick([0, 0, 1, 2]) : 0,
    logDelay: random.pick([0, 2, 10]),
    fullChance: mode === 'one-log' ? random.fork('full').pick([0, 0, 0.1]) : 0,
    failChance: mode === 'one-log' ? random.fork('fail').pick([0, 0, 0.02]) : 0,
    restartDelay: random.pick([0, 2, 20]),
    noticeDelay: random.pick([0, 3]),
    slots: random.pick([2, 4, 64]),
    flushDelay: random.pick([0, 0.5, 3]),
    thinkDelay: random.pick([0, 1, 5]),
    // What has been posted to a thread's port arrives even if its sender dies: only what waits for a flush is lost.
    weather: { ...drawNetworkWeather(random.fork('weather')), lossAtDeathChance: 0 },
  };
  return { ...drawn, ...aim };
}

/** Only what is named. */
export function weightsOf(given: Partial<Shape['weights']>): Shape['weights'] {
  return { ...noWeights, ...given };
}

const noWeights: Shape['weights'] = {
  interactive: 0,
  declared: 0,
  blind: 0,
  scan: 0,
  rangeScan: 0,
  snapshot: 0,
  snapshotScan: 0,
  plain: 0,
  procedure: 0,
  clear: 0,
  clearable: 0,
  turn: 0,
  actors: 0,
  all: 0,
};

function drawWeights(random: SeededRandom, mode: SimulationMode): Shape['weights'] {
  // States of actors are not in the log.
  const actors = mode === 'memory' ? random.fork('actors').pick([0, 0, 2]) : 0;
  const clears = random.pick([0, 0, 1]);
  return {
    interactive: random.pick([1, 4]),
    declared: random.pick([0, 2]),
    blind: random.pick([0, 1]),
    scan: random.pick([0, 0, 1]),
    snapshot: random.pick([0, 2]),
    snapshotScan: random.pick([0, 0, 1]),
    plain: random.pick([0, 2]),
    procedure: random.pick([0, 0, 2]),
    clear: clears / 2,
    clearable: clears * 2,
    turn: actors,
    actors,
    all: random.pick([0, 0, 0, 0.5]),
    rangeScan: random.fork('ranges').pick([0, 0, 1]),
  };
}
