/**
 * One simulated run of the locking protocol from a seed: the real cores of core and transactions under virtual time,
 * hosts that die and come back, and every check that can be made of it. The same seed gives the same run.
 *
 * After each step: the locks of whoever took it, and what was installed. At the end, with all disturbances over:
 * everything has ended, every partition holds what was committed, and the history is strictly serializable.
 */
import { checkListAppend } from '../history-checker/check-history.ts';
import type { NetworkEvent } from '../network-event.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { MemberAddress } from '../simulated-member.ts';
import type { Counters } from './counters.ts';
import type { Frame } from './outbox.ts';
import { type SimulationParts, soundParts } from './parts.ts';
import { drawShape, type Shape, type SimulationMode } from './shape.ts';
import { checkStores } from './store-checks.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  /** How fates are decided; `memory` if absent. */
  readonly mode?: SimulationMode;
  /** Replaced parts: planted faults. */
  readonly parts?: Partial<SimulationParts>;
  /** Replaced properties of the drawn shape: a workload aimed at a corner. */
  readonly aim?: Partial<Shape>;
}

export interface SimulationResult {
  readonly seed: number;
  readonly mode: SimulationMode;
  readonly ok: boolean;
  /** What was found to be wrong, the first thing first. */
  readonly problems: readonly string[];
  /** Equal for equal seeds. */
  readonly traceHash: string;
  readonly counters: Readonly<Counters>;
}

/** A run takes a few thousand steps; one that takes more than this goes round in circles. */
const stepsMax = 60_000;

/** Runs one seed. */
export function simulate(seed: number, options: SimulationOptions = {}): SimulationResult {
  const random = new SeededRandom(seed).fork('simulation');
  const mode = options.mode ?? 'memory';
  const shape = drawShape(random.fork('shape'), mode, options.aim);
  const world = new World(seed, mode, shape, { ...soundParts, ...options.parts });
  const deaths = new DeathSchedule(world, random.fork('deaths'));
  world.network.observe((event) => checkLocks(world, event));
  try {
    runToTheEnd(world, deaths);
    if (world.problems.length === 0) checkHistory(world);
  } catch (error) {
    world.problems.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
  world.counters.steps = world.time.steps;
  const { problems, counters, time } = world;
  return { seed, mode, ok: problems.length === 0, problems, traceHash: time.traceHash, counters };
}

function runToTheEnd(world: World, deaths: DeathSchedule): void {
  const { time, shape, network } = world;
  while (world.operationsBegun < shape.operations && step(world)) deaths.step();
  network.heal();
  world.startAgain();
  for (const host of world.hosts) world.restart(host);
  while (step(world));
  checkEnded(world);
  world.readAll();
  while (step(world));
  checkEnded(world);
  if (time.steps >= stepsMax) world.problems.push(`liveness: not idle after ${stepsMax} steps`);
}

function step(world: World): boolean {
  return world.problems.length === 0 && world.time.steps < stepsMax && world.time.step();
}

type Disaster = 'death' | 'crash';

/** Kills hosts, or all, a few steps after operations that are drawn beforehand, and starts them again. */
class DeathSchedule {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #planned: { readonly atOperation: number; readonly what: Disaster }[];
  #next: Disaster = 'death';
  #stepsLeft = -1;

  constructor(world: World, random: SeededRandom) {
    const { deaths, crashes, operations } = world.shape;
    this.#world = world;
    this.#random = random;
    const planned = Array.from({ length: deaths + crashes }, (_, index) => ({
      atOperation: random.integer(1, operations),
      what: index < deaths ? ('death' as const) : ('crash' as const),
    }));
    this.#planned = planned.sort((left, right) => left.atOperation - right.atOperation);
  }

  step(): void {
    const next = this.#planned[0];
    if (this.#stepsLeft < 0 && next !== undefined && this.#world.operationsBegun >= next.atOperation) {
      this.#planned.shift();
      this.#next = next.what;
      this.#stepsLeft = this.#random.integer(0, 60);
    }
    if (this.#stepsLeft < 0) return;
    this.#stepsLeft -= 1;
    if (this.#stepsLeft >= 0) return;
    if (this.#next === 'death') this.#kill();
    else this.#crash();
  }

  #crash(): void {
    this.#world.crash();
    this.#world.time.schedule(this.#restartDelayMs(), () => this.#world.startAgain(), 'start again');
  }

  #kill(): void {
    const alive = this.#world.aliveHosts();
    if (alive.length === 0) return;
    const host = this.#random.pick(alive);
    this.#world.kill(host);
    this.#world.time.schedule(this.#restartDelayMs(), () => this.#world.restart(host), `restart ${host}`);
  }

  #restartDelayMs(): number {
    return this.#random.next() * 2 * this.#world.delay(this.#world.shape.restartDelay);
  }
}

/** Only the member that took the step can have changed its locks. */
function checkLocks(world: World, event: NetworkEvent<Frame>): void {
  const address = memberOf(event);
  const member = address === undefined ? undefined : world.member(address);
  for (const { participant } of member?.host.unchecked ?? []) participant.locks.checkInvariants();
  member?.host.unchecked.clear();
}

function memberOf(event: NetworkEvent<Frame>): MemberAddress | undefined {
  switch (event.kind) {
    case 'delivered':
      return event.to;
    case 'loss-noticed':
    case 'start-noticed':
      return event.by;
    case 'timer-fired':
      return event.member;
    default:
      return undefined;
  }
}

/** Nothing is under way any more, and nothing waits. */
function checkEnded(world: World): void {
  if (world.problems.length > 0 || world.time.steps >= stepsMax) return;
  for (const member of world.members()) {
    for (const left of member.unfinished()) world.problems.push(`liveness: ${left}`);
  }
  checkStores(world);
  world.keyedCalls.check();
}

function checkHistory(world: World): void {
  for (const record of world.records) record.info();
  for (const { message } of checkListAppend(world.history.operations).anomalies) {
    world.problems.push(`history: ${message}`);
  }
}
