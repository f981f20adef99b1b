/**
 * Where the keys of a simulated run lie, and what histories call them.
 *
 * Table 0 has lists (`k…`) and one marker for each partition (`m…`), table 1 keys that are written once and blindly
 * (`o…`), table 2 keys that a `clear` of the table empties (`c…`). The states of actors are lists as well (`a…`). A list in a history only grows, so a clear begins a
 * new generation of the names of table 2: it appends a new number to every marker, and whoever touches a key of that
 * table reads the marker of its partition in the same transaction. A value that outlives its clear then stands under
 * a name to which nobody has appended it.
 *
 * Where the death of a host empties its partitions, names carry their incarnation as well.
 */
import type { PartitionId } from '@troupe/core';
import { recordedKey } from '../history.ts';
import { actorsTable } from './actor-host.ts';

/** The table that is cleared. */
export const clearedTable = 2;
export const tableCount = 3;

export class KeySpace {
  /** Keys of the table that is cleared. */
  readonly clearable: readonly string[] = ['c0', 'c1', 'c2', 'c3', 'c4'];
  /** One list in each partition: its latest value names the generation of that table. */
  readonly markers: readonly string[];
  /** Actors; their states are lists, too. */
  readonly actors: readonly string[] = ['a0', 'a1', 'a2', 'a3'];
  readonly #partitions: number;
  readonly #deathsClear: boolean;
  readonly #written: string[] = [];
  #lastValue = 0;

  /** `deaths`: what the death of a host does to its partitions. */
  constructor(partitions: number, deaths: 'clear' | 'lose nothing') {
    this.#partitions = partitions;
    this.#deathsClear = deaths === 'clear';
    this.markers = Array.from({ length: partitions }, (_, partition) => `m${partition}`);
  }

  partitionOf(key: string): PartitionId {
    return Number.parseInt(key.slice(1), 10) % this.#partitions;
  }

  tableOf(key: string): number {
    if (key.startsWith('c')) return clearedTable;
    if (key.startsWith('a')) return actorsTable;
    return key.startsWith('o') ? 1 : 0;
  }

  /** The marker next to a key. */
  markerOf(key: string): string {
    return `m${this.partitionOf(key)}`;
  }

  /** A key of the cleared table in the generation that its marker shows. */
  inGeneration(key: string, marker: readonly number[]): string {
    return `${key}/${marker.at(-1) ?? 0}`;
  }

  /** A value that nobody has appended yet. */
  nextValue(): number {
    this.#lastValue += 1;
    return this.#lastValue;
  }

  /** A key that nobody has written yet. */
  freshKey(): string {
    const key = `o${this.#written.length}`;
    this.#written.push(key);
    return key;
  }

  /** The latest fresh keys: those that readers may just miss or just see. */
  recentFreshKeys(countMax: number): readonly string[] {
    return this.#written.slice(-countMax);
  }

  get freshKeys(): readonly string[] {
    return this.#written;
  }

  /** The key as a history names it. */
  recorded(key: string, incarnation: number): string {
    if (!this.#deathsClear) return key;
    return recordedKey({ key, partition: `p${this.partitionOf(key)}`, generation: incarnation });
  }
}
