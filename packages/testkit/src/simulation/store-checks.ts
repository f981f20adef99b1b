/** What partitions hold at the end, next to what was committed: by the words, and by the log where there is one. */
import { isActorTable } from '@troupe/core';
import { idempotencyTable } from '@troupe/transactions';
import { tableCount } from './key-space.ts';
import { fateOf } from './truth.ts';
import type { World } from './world.ts';

export function checkStores(world: World): void {
  const stores = new Map(
    world.members().flatMap((member) => [...member.host.served.values()].map(({ id, store }) => [id, store])),
  );
  const actors = new Map(
    world
      .members()
      .flatMap((member) => [...member.host.served.values()].map((served) => [served.id, served.actors])),
  );
  const listOf = (key: string): readonly number[] | undefined =>
    isActorTable(world.keys.tableOf(key))
      ? actors.get(world.keys.partitionOf(key))?.state(key)
      : (stores.get(world.keys.partitionOf(key))?.read(world.keys.tableOf(key), key) as
          | readonly number[]
          | undefined);
  world.truth.checkInstalled(
    (partition, incarnation) =>
      world.mode === 'one-log' || world.shared.incarnationOf(partition) === incarnation,
    listOf,
  );
  if (world.mode === 'one-log') checkLog(world);
}

const tables = [idempotencyTable, ...Array.from({ length: tableCount }, (_, table) => table)];

/** The log has every commit, nothing that was told to be aborted, and each partition holds what it says. */
function checkLog(world: World): void {
  const logged = new Set(world.disk.records.map(({ id }) => id));
  for (const attempt of world.truth.attempts) {
    const { id } = attempt.coordinator;
    const { outcome } = attempt;
    if (fateOf(attempt) === 'committed' && attempt.writes.size > 0 && !logged.has(id))
      world.problems.push(`durability: ${id} committed and is not in the log`);
    if (outcome?.committed === false && outcome.cause !== 'storage-unknown' && logged.has(id))
      world.problems.push(`atomicity: ${id} was told to be aborted and is in the log`);
  }
  for (const member of world.members()) {
    for (const { id, store } of member.host.served.values()) {
      const state = world.disk.stateOf(id);
      const entries = tables.reduce((sum, table) => sum + store.size(table), 0);
      if (entries * 4 !== state.length)
        world.problems.push(
          `durability: partition ${id} holds ${entries} entries, the log ${state.length / 4}`,
        );
      for (let i = 0; i < state.length; i += 4) {
        const found = store.read(state[i] as number, state[i + 1] as string);
        if (JSON.stringify(found) === JSON.stringify(state[i + 2])) continue;
        world.problems.push(
          `durability: partition ${id} holds ${JSON.stringify(found)} under ${String(state[i + 1])}, the log ${JSON.stringify(state[i + 2])}`,
        );
      }
    }
  }
}
