/**
 * What transactions read and change in a partition: the values that answer a step, and the installing of what was
 * committed. Actors are locked like keys, but have no values to read; the change of one goes to its state.
 */
import {
  type ActorStates,
  assert,
  isActorTable,
  type Partition,
  type StorageKey,
  type Timestamp,
} from '@troupe/core';
import type { Vote } from './decision.ts';

/** The partition's tables, and its actors where it has any. */
type Values = Pick<Partition, 'store'> & { readonly actors?: ActorStates | undefined };

/** The values of [table, key, mode, …], in that order; undefined where the mode is negative. */
export function valuesOf(accesses: readonly unknown[], { store }: Values): unknown[] {
  const values: unknown[] = [];
  for (let i = 0; i < accesses.length; i += 3) {
    const table = accesses[i] as number;
    const isWanted = (accesses[i + 2] as number) > 0 && !isActorTable(table);
    values.push(isWanted ? store.read(table, accesses[i + 1] as StorageKey) : undefined);
  }
  return values;
}

/** Makes what a transaction voted for part of the partition. */
export function install(vote: Vote | undefined, timestamp: Timestamp, { store, actors }: Values): void {
  assert(vote !== undefined, 'a transaction was committed at a partition that had not voted');
  assert(timestamp >= vote.timestamp, 'a transaction was committed before its own vote');
  for (const table of vote.cleared) store.clear(table, timestamp);
  for (let i = 0; i < vote.writes.length; i += 3) {
    const table = vote.writes[i] as number;
    const key = vote.writes[i + 1] as StorageKey;
    if (isActorTable(table)) actors?.install(table, key, vote.writes[i + 2]);
    else store.write(table, key, vote.writes[i + 2], timestamp);
  }
}
