// The store against the plainest thing that could be right: the list of all writes ever made.
import {
  newestVersions,
  PartitionStore,
  SnapshotTooOldError,
  type Timestamp,
  type Version,
  type VersionCursor,
} from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from './clock.ts';

const table = 2;
const keys = ['a', 'b', 'c', 'd', 'e'];

type Step =
  | { readonly kind: 'write' | 'vote'; readonly key: string; readonly value: number | undefined }
  | { readonly kind: 'install'; readonly pick: number }
  | { readonly kind: 'clear' | 'publish' | 'walkNewest' }
  | { readonly kind: 'publishPast' | 'withdraw' | 'walkAt' | 'advance'; readonly pick: number };

const pick = fc.nat(9);
const value = fc.option(fc.nat(99), { nil: undefined, freq: 3 });
const steps = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant('write'),
        key: fc.constantFrom(...keys),
        value,
      }) as fc.Arbitrary<Step>,
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('vote'),
        key: fc.constantFrom(...keys),
        value,
      }) as fc.Arbitrary<Step>,
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('install'), pick }) as fc.Arbitrary<Step> },
    { weight: 1, arbitrary: fc.constant({ kind: 'clear' }) as fc.Arbitrary<Step> },
    { weight: 3, arbitrary: fc.constant({ kind: 'publish' }) as fc.Arbitrary<Step> },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('publishPast'), pick }) as fc.Arbitrary<Step> },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('withdraw'), pick }) as fc.Arbitrary<Step> },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('walkAt'), pick }) as fc.Arbitrary<Step> },
    { weight: 2, arbitrary: fc.constant({ kind: 'walkNewest' }) as fc.Arbitrary<Step> },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('advance'), pick }) as fc.Arbitrary<Step> },
  ),
  { minLength: 30, maxLength: 100 },
);

/** All writes ever made. */
class Model {
  readonly #writes: {
    readonly key: string;
    readonly value: number | undefined;
    readonly timestamp: Timestamp;
  }[] = [];

  write(key: string, value: number | undefined, timestamp: Timestamp): void {
    this.#writes.push({ key, value, timestamp });
  }

  at(snapshot: Timestamp): Map<string, number> {
    const entries = new Map<string, number>();
    for (const { key, value, timestamp } of this.#writes) {
      if (timestamp > snapshot) continue;
      // Writes of one key are in the order of their timestamps here; those of different keys needn't be.
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
    }
    return entries;
  }
}

/** Cheaper than an assertion for every key, of which there are very many. */
function mustAgree(entries: ReadonlyMap<string, number>, read: (key: string) => unknown): void {
  const wrong = keys.filter((key) => read(key) !== entries.get(key));
  expect(wrong).toEqual([]);
}

interface Vote {
  readonly value: number | undefined;
  readonly timestamp: Timestamp;
  /** The newest version of the key when it was locked. */
  readonly known: Version | undefined;
}

/** A walk under way and what is known of it. */
interface Walk {
  readonly cursor: VersionCursor;
  readonly snapshot: Timestamp;
  readonly present: ReadonlySet<string>;
  /** Present from the beginning until now. */
  readonly untouched: Set<string>;
  readonly seen: Map<string, number>;
  done: boolean;
}

class Run {
  readonly clock = new ManualClock();
  readonly store = new PartitionStore(this.clock, 0);
  readonly model = new Model();
  readonly walks: Walk[] = [];
  /** Writes that have their timestamp and hold their key, and are installed later: commits of transactions. */
  readonly voted = new Map<string, Vote>();

  step(step: Step): void {
    switch (step.kind) {
      case 'write':
        if (!this.voted.has(step.key)) this.#write(step.key, step.value, this.clock.draw());
        break;
      case 'vote':
        if (this.voted.has(step.key)) break;
        this.#vote(step.key, step.value);
        break;
      case 'install':
        this.#install([...this.voted.keys()][step.pick % Math.max(1, this.voted.size)]);
        break;
      case 'clear':
        this.#clear();
        break;
      case 'publish':
        this.clock.publish();
        break;
      case 'publishPast':
        this.#publishPast(step.pick);
        break;
      case 'withdraw':
        this.#withdraw(this.#pickSnapshot(step.pick));
        break;
      case 'walkAt':
        this.#walk(this.#pickSnapshot(step.pick));
        break;
      case 'walkNewest':
        this.#walk(newestVersions);
        break;
      case 'advance':
        this.#advance(this.walks[step.pick % Math.max(1, this.walks.length)]);
        break;
    }
  }

  check(): void {
    const { store, model, clock } = this;
    const newest = model.at(clock.now);
    expect(store.size(table)).toBe(newest.size);
    mustAgree(newest, (key) => store.read(table, key));
    for (const snapshot of clock.published) if (this.#isSettled(snapshot)) this.#checkAt(snapshot);
    // Snapshots that nobody published are answered right or refused, never answered wrong.
    for (const snapshot of [store.horizon, clock.now - 1]) {
      if (snapshot >= Math.max(1, store.horizon) && this.#isSettled(snapshot)) this.#checkAt(snapshot);
    }
    if (store.horizon > 1)
      expect(() => store.readAt(table, 'a', store.horizon - 1)).toThrow(SnapshotTooOldError);
  }

  #checkAt(snapshot: Timestamp): void {
    const entries = this.model.at(snapshot);
    expect(this.store.sizeAt(table, snapshot)).toBe(entries.size);
    mustAgree(entries, (key) => this.store.readAt(table, key, snapshot));
  }

  /** Reads wait for writers that may have committed at or before the snapshot. */
  #isSettled(snapshot: Timestamp): boolean {
    return [...this.voted.values()].every(({ timestamp }) => timestamp > snapshot);
  }

  finish(): void {
    for (const key of this.voted.keys()) this.#install(key);
    for (const walk of this.walks) while (!walk.done) this.#advance(walk);
    this.clock.published.length = 0;
    this.store.prune(Number.POSITIVE_INFINITY);
    expect(this.store.supersededCount).toBe(0);
    this.check();
  }

  #install(key: string | undefined): void {
    const vote = key === undefined ? undefined : this.voted.get(key);
    if (key === undefined || vote === undefined) return;
    this.voted.delete(key);
    this.#write(key, vote.value, vote.timestamp, vote.known);
  }

  #vote(key: string, value: number | undefined): void {
    this.voted.set(key, { value, timestamp: this.clock.draw(), known: this.store.newest(table, key) });
  }

  #write(key: string, value: number | undefined, timestamp: Timestamp, known?: Version): void {
    this.store.write(table, key, value, timestamp, known);
    this.model.write(key, value, timestamp);
    if (value === undefined) for (const walk of this.walks) walk.untouched.delete(key);
  }

  #clear(): void {
    if (this.voted.size > 0) return;
    const timestamp = this.clock.draw();
    this.store.clear(table, timestamp);
    for (const key of keys) this.model.write(key, undefined, timestamp);
    for (const walk of this.walks) walk.untouched.clear();
  }

  /** A moment that can be read still; from now on it must stay so. */
  #publishPast(from: number): void {
    const first = Math.max(1, this.store.horizon);
    if (first <= this.clock.now) this.clock.published.push(first + (from % (this.clock.now - first + 1)));
  }

  #withdraw(snapshot: Timestamp | undefined): void {
    if (snapshot === undefined) return;
    // A walk that is still under way keeps its snapshot, as readers do.
    if (!this.walks.some((walk) => !walk.done && walk.snapshot === snapshot)) this.clock.withdraw(snapshot);
  }

  #walk(snapshot: Timestamp | undefined): void {
    // Timestamp 0 means "newest" to a walk; no clock of a grid is at 0 when a snapshot is taken of anything.
    if (snapshot === undefined || (snapshot === 0 && this.clock.published.includes(0))) return;
    if (!this.#isSettled(snapshot === newestVersions ? 0 : snapshot)) return;
    const cursor = this.store.iterate(table, snapshot);
    const present = new Set(this.model.at(snapshot === newestVersions ? this.clock.now : snapshot).keys());
    this.walks.push({ cursor, snapshot, present, untouched: new Set(present), seen: new Map(), done: false });
  }

  #advance(walk: Walk | undefined): void {
    if (walk === undefined || walk.done) return;
    walk.done = !walk.cursor.advance();
    if (walk.done) {
      this.#checkWalk(walk);
      return;
    }
    const key = walk.cursor.key as string;
    expect(walk.seen.has(key)).toBe(false);
    expect(walk.present.has(key)).toBe(true);
    walk.seen.set(key, walk.cursor.value as number);
    if (walk.snapshot === newestVersions) expect(walk.cursor.value).toBe(this.store.read(table, key));
  }

  #checkWalk(walk: Walk): void {
    if (walk.snapshot !== newestVersions) expect(walk.seen).toEqual(this.model.at(walk.snapshot));
    else for (const key of walk.untouched) expect(walk.seen.has(key)).toBe(true);
  }

  #pickSnapshot(index: number): Timestamp | undefined {
    const { published } = this.clock;
    return published[index % Math.max(1, published.length)];
  }
}

describe('a partition store', () => {
  test('agrees with the list of all writes at every snapshot, in every walk, and forgets nothing that is needed', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const run = new Run();
        for (const step of script) {
          run.step(step);
          run.check();
        }
        run.finish();
      }),
      { numRuns: 100 },
    );
  });
});
