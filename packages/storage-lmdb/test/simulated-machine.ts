/** An engine on a simulated disk and store, which crash together, and a model of what it must hold. */
import { readPicture, type SeededRandom, type StoredChange, type StoredPicture } from '@troupe/testkit';
import { type Engine, openEngine } from '../dist/engine.js';
import type { EngineOptions } from '../dist/options.js';
import { type CallHook, SimulatedDisk, SimulatedStore } from './simulated-disk.ts';

export const shape = { partitionCount: 3, tables: ['table one', 'table two'] };

const options: EngineOptions = {
  path: '/simulated',
  foldBytes: 2_000,
  foldMs: Number.POSITIVE_INFINITY,
  unfoldedBytesMax: 20_000,
  freeBytesMin: 0,
  dropTables: [],
  markDelayMs: 0,
};

export class SimulatedMachine {
  disk = new SimulatedDisk();
  store = new SimulatedStore();
  #isNew = true;
  #now = 0;

  passTime(ms: number): void {
    this.#now += ms;
  }

  async open(changed: Partial<EngineOptions> = {}): Promise<Engine> {
    const engine = await openEngine(
      {
        options: { ...options, ...changed },
        id: '00112233445566778899aabbccddeeff',
        isNew: this.#isNew,
        files: this.disk,
        store: this.store,
        now: () => this.#now,
        segmentBytes: 3_000,
        writeBackup: () => Promise.reject(new Error('not here')),
      },
      shape,
      () => undefined,
    );
    // Later a missing log is damage.
    this.#isNew = false;
    return engine;
  }

  /** Something was stored before, so what is missing is damage. */
  reopen(changed: Partial<EngineOptions> = {}): Promise<Engine> {
    this.#isNew = false;
    return this.open(changed);
  }

  set hook(hook: CallHook) {
    this.disk.hook = hook;
    this.store.hook = hook;
  }

  /** `kill`: what was written is there, flushed or not. */
  crash(how: 'kill' | 'power', chance: () => number): void {
    this.disk = this.disk.crashed(how, chance);
    this.store = this.store.crashed(chance);
  }
}

/** Every commit that was submitted, in order; what an engine holds is what a first part of them leaves. */
export class CommitModel {
  readonly commits: (readonly StoredChange[])[] = [];

  /** Returns its timestamp. */
  add(changes: readonly StoredChange[]): number {
    this.commits.push(changes);
    return this.commits.length;
  }

  forgetAfter(count: number): void {
    this.commits.length = count;
  }

  picture(partition: number, count = this.commits.length): StoredPicture {
    const entries = new Map<string, string>();
    for (const [index, changes] of this.commits.slice(0, count).entries()) {
      const own = changes.filter((change) => change.partition === partition);
      for (const { table, key } of own) {
        if (key !== undefined) continue;
        for (const name of entries.keys()) if (name.startsWith(`${table}/`)) entries.delete(name);
      }
      for (const { table, key, value } of own) {
        if (key === undefined) continue;
        if (value === undefined) entries.delete(`${table}/${key}`);
        else entries.set(`${table}/${key}`, `${value}@${index + 1}`);
      }
    }
    return Object.fromEntries(entries);
  }
}

export function drawChanges(random: SeededRandom): readonly StoredChange[] {
  return Array.from({ length: random.integer(1, 4) }, () => {
    const place = { partition: random.integer(0, 2), table: random.integer(0, 1) };
    if (random.chance(0.05)) return place;
    const key = random.chance(0.1)
      ? `${'long'.repeat(600)}${random.integer(0, 2)}`
      : `k${random.integer(0, 12)}`;
    return random.chance(0.2)
      ? { ...place, key }
      : { ...place, key, value: 'v'.repeat(random.integer(0, 300)) };
  });
}

export function pictures(engine: Engine): readonly StoredPicture[] {
  return Array.from({ length: shape.partitionCount }, (_, partition) => readPicture(engine, partition));
}
