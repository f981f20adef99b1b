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
import { drawShape, type Shape } from './shape.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  /** Replaced parts: planted faults. */
  readonly parts?: Partial<SimulationParts>;
  /** Replaced properties of the drawn shape: a workload aimed at a corner. */
  readonly aim?: Partial<Shape>;
}

export interface SimulationResult {
  readonly seed: number;
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
  const world = new World(seed, drawShape(random.fork('shape'), options.aim), {
    ...soundParts,
    ...options.parts,
  });
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
  return { seed, ok: problems.length === 0, problems, traceHash: time.traceHash, counters };
}

function runToTheEnd(world: World, deaths: DeathSchedule): void {
  const { time, shape, network } = world;
  while (world.operationsBegun < shape.operations && step(world)) deaths.step();
  network.heal();
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

/** Kills hosts a few steps after operations that are drawn beforehand, and starts them again. */
class DeathSchedule {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #atOperations: number[];
  #stepsLeft = -1;

  constructor(world: World, random: SeededRandom) {
    const { deaths, operations } = world.shape;
    this.#world = world;
    this.#random = random;
    const drawn = Array.from({ length: deaths }, () => random.integer(1, operations));
    this.#atOperations = drawn.sort((left, right) => left - right);
  }

  step(): void {
    const next = this.#atOperations[0];
    if (this.#stepsLeft < 0 && next !== undefined && this.#world.operationsBegun >= next) {
      this.#atOperations.shift();
      this.#stepsLeft = this.#random.integer(0, 60);
    }
    if (this.#stepsLeft < 0) return;
    this.#stepsLeft -= 1;
    if (this.#stepsLeft < 0) this.#kill();
  }

  #kill(): void {
    const alive = this.#world.aliveHosts();
    if (alive.length === 0) return;
    const host = this.#random.pick(alive);
    this.#world.kill(host);
    const delayMs = this.#random.next() * 2 * this.#world.delay(this.#world.shape.restartDelay);
    this.#world.time.schedule(delayMs, () => this.#world.restart(host), `restart ${host}`);
  }
}

/** Only the member that took the step can have changed its locks. */
function checkLocks(world: World, event: NetworkEvent<Frame>): void {
  const address = memberOf(event);
  const member = address === undefined ? undefined : world.member(address);
  for (const { participant } of member?.unchecked ?? []) participant.locks.checkInvariants();
  member?.unchecked.clear();
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
  const listOf = (key: string): readonly number[] | undefined => {
    const partition = world.keys.partitionOf(key);
    const owner = world.members().find((member) => member.partitions.has(partition));
    return owner?.partitions.get(partition)?.store.read(world.keys.tableOf(key), key) as
      | readonly number[]
      | undefined;
  };
  world.truth.checkInstalled((partition) => world.shared.incarnationOf(partition), listOf);
}

function checkHistory(world: World): void {
  for (const { message } of checkListAppend(world.history.operations).anomalies) {
    world.problems.push(`history: ${message}`);
  }
}
