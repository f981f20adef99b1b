/** Redis as a cache beside the service: single keys, with the client's automatic pipelining. */
import { measurePipelined } from '../measuring/pipelined.ts';
import { measureSequential } from '../measuring/sequential.ts';
import type { Params, Sample } from '../scenario.ts';
import { connectRedis } from '../stores/redis-stores.ts';
import { firstValueOf, keysUpTo } from './entries.ts';
import { readsOf } from './reads.ts';

const keysPerCommand = 1_000;

export function measureRedisPipelined(params: Params): Promise<Sample> {
  return measureReads(params, measurePipelined);
}

export function measureRedisSequential(params: Params): Promise<Sample> {
  return measureReads(params, measureSequential);
}

async function measureReads(
  params: Params,
  measure: typeof measurePipelined | typeof measureSequential,
): Promise<Sample> {
  const client = connectRedis({ enableAutoPipelining: true });
  await client.flushall();
  const keys = keysUpTo(params.keyCount);
  for (let from = 0; from < keys.length; from += keysPerCommand) {
    const batch = keys.slice(from, from + keysPerCommand);
    await client.mset(...batch.flatMap((key, index) => [key, firstValueOf(from + index)]));
  }
  const get = async (key: string): Promise<number> => Number(await client.get(key));
  const sample = await measure(readsOf(params.keyCount, get), params);
  client.disconnect();
  return sample;
}
