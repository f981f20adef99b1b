/** Troupe's means on one thread: from the service, which is a member of its own there, and from another actor. */
import { startGrid } from 'troupe';
import type { Params } from '../../../scenario.ts';
import { mustEqual } from '../../entries.ts';
import { askInLanes, type SpeedMeans } from './actor-speed.ts';
import { receiver, sender } from './troupe-definitions.ts';

/** Batches of a slow machine take long. */
const askTimeoutMs = 120_000;

function startOnOneThread({ partitions }: Params) {
  return startGrid({
    modules: [new URL('./troupe-definitions.js', import.meta.url)],
    threads: 0,
    partitions,
  });
}

export async function meansFromService(params: Params): Promise<SpeedMeans> {
  const grid = await startOnOneThread(params);
  const told = (index: number): Promise<number> => grid.actor(receiver, index).told();
  return {
    async tells(index, count) {
      const to = grid.tell(receiver, index);
      for (let sent = 0; sent < count; sent++) void to.tell();
      await told(index);
    },
    told,
    asks(count, inFlight) {
      const to = grid.actor(receiver, 0);
      return askInLanes(count, inFlight, (value) => to.echo(value));
    },
    async create(first, count) {
      for (let index = first; index < first + count; index++) void grid.tell(receiver, index).tell();
      mustEqual(await told(first + count - 1), 1, 'the messages of the last actor');
    },
    close: () => grid.close(),
  };
}

export async function meansFromActor(params: Params): Promise<SpeedMeans> {
  const grid = await startOnOneThread(params);
  const senderAt = (key: number) => grid.actor(sender, key, { timeoutMs: askTimeoutMs });
  return {
    tells: (index, count) => senderAt(index).tells(index, count),
    told: (index) => grid.actor(receiver, index).told(),
    asks: (count, inFlight) => senderAt(0).asks(count, inFlight),
    create: (first, count) => senderAt(first).create(first, count),
    close: () => grid.close(),
  };
}
