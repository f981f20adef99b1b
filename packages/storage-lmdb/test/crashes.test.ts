// Appends, folds, reads and crashes in any order, against a plain model. TROUPE_CRASH_SEEDS asks for more.
import { SeededRandom, storedCommit } from '@troupe/testkit';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../dist/engine.js';
import { CommitModel, drawChanges, pictures, SimulatedMachine, shape } from './simulated-machine.ts';

const seeds = Number(process.env['TROUPE_CRASH_SEEDS'] ?? 60);

describe('after a crash', () => {
  it.each(['kill', 'power'] as const)(
    'by %s every answered commit is there, and others whole or not',
    async (how) => {
      for (let seed = 1; seed <= seeds; seed++) {
        await new CrashRun(seed, how).run().catch((error: unknown) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
      }
    },
  );
});

class CrashRun {
  readonly #random: SeededRandom;
  readonly #how: 'kill' | 'power' | 'either';
  readonly #machine = new SimulatedMachine();
  readonly #model = new CommitModel();
  #engine!: Engine;
  #acknowledged = 0;
  #epoch: number | undefined;

  constructor(seed: number, how: 'kill' | 'power' | 'either') {
    this.#random = new SeededRandom(seed);
    this.#how = how;
  }

  async run(): Promise<void> {
    this.#engine = await this.#machine.open();
    for (let life = 0; life < 6; life++) {
      for (let steps = this.#random.integer(1, 25); steps > 0; steps--) await this.#step();
      if (this.#random.chance(0.2)) await this.#engine.close();
      else await this.#crashSoon();
      await this.#reopen();
    }
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const kind = random.next();
    if (kind < 0.6) {
      const appended = this.#append();
      if (random.chance(0.3)) await appended;
    } else if (kind < 0.7) {
      const folded = this.#engine.fold();
      if (random.chance(0.5)) await folded;
    } else if (kind < 0.75) {
      const epoch = (this.#epoch ?? 0) + 1;
      await this.#engine.raiseStartEpoch(epoch);
      this.#epoch = epoch;
    } else if (kind < 0.85) this.#check();
    else await turn();
  }

  async #append(): Promise<void> {
    const engine = this.#engine;
    const commits = Array.from({ length: this.#random.integer(1, 3) }, () => {
      const changes = drawChanges(this.#random);
      return storedCommit(this.#model.add(changes), changes);
    });
    const last = this.#model.commits.length;
    await engine.append(commits);
    // A life that is over acknowledges nothing.
    if (engine === this.#engine) this.#acknowledged = Math.max(this.#acknowledged, last);
  }

  /** Freezes the machine some calls from now, while things go on. */
  async #crashSoon(): Promise<void> {
    let calls = this.#random.integer(0, 12);
    this.#machine.disk.hook = this.#machine.store.hook = () =>
      calls-- > 0 ? Promise.resolve() : new Promise(() => undefined);
    for (let count = this.#random.integer(0, 4); count > 0; count--) void this.#append();
    if (this.#random.chance(0.5)) void this.#engine.fold();
    for (let turns = this.#random.integer(0, 8); turns > 0; turns--) await turn();
    this.#crash();
  }

  #crash(): void {
    const drawn = this.#random.chance(0.5) ? 'kill' : 'power';
    this.#machine.crash(this.#how === 'either' ? drawn : this.#how, () => this.#random.next());
  }

  async #reopen(): Promise<void> {
    while (this.#random.chance(0.2)) {
      let calls = this.#random.integer(0, 8);
      this.#machine.disk.hook = this.#machine.store.hook = () =>
        calls-- > 0 ? Promise.resolve() : new Promise(() => undefined);
      void this.#machine.open();
      for (let turns = 6; turns > 0; turns--) await turn();
      this.#crash();
    }
    this.#engine = await this.#machine.open();
    const count = this.#engine.lastTimestamp;
    expect(count).toBeGreaterThanOrEqual(this.#acknowledged);
    expect(count).toBeLessThanOrEqual(this.#model.commits.length);
    this.#model.forgetAfter(count);
    // What is shown now has to stay.
    this.#acknowledged = count;
    expect(this.#engine.startEpoch).toBe(this.#epoch);
    this.#check();
  }

  #check(): void {
    const expected = Array.from({ length: shape.partitionCount }, (_, partition) =>
      this.#model.picture(partition),
    );
    expect(pictures(this.#engine)).toEqual(expected);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
