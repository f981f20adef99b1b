/**
 * Redis, in the two ways to have a transaction there: optimistically with WATCH and MULTI, which needs a connection for
 * each transaction under way, and as a Lua script, which the server runs alone. Scripts exist for the transfers only:
 * a script is a second program, written for the server.
 */
import { Redis } from 'ioredis';
import type { Value } from '../programs/program.ts';
import { type ProgramName, runProgram } from '../programs/programs.ts';
import { addressOf } from '../servers/server.ts';
import type { OneShotStore } from './one-shot-store.ts';

const watchConnections = 64;
const keysPerCommand = 1_000;

const scripts: Partial<Record<ProgramName, string>> = {
  transfer: `
    redis.call('SET', KEYS[1], tonumber(redis.call('GET', KEYS[1])) - tonumber(ARGV[1]))
    redis.call('SET', KEYS[2], tonumber(redis.call('GET', KEYS[2])) + tonumber(ARGV[1]))
    return 0`,
  multiTransfer: `
    redis.call('SET', KEYS[1], tonumber(redis.call('GET', KEYS[1])) - (#KEYS - 1) * tonumber(ARGV[1]))
    for i = 2, #KEYS do
      redis.call('SET', KEYS[i], tonumber(redis.call('GET', KEYS[i])) + tonumber(ARGV[1]))
    end
    return 0`,
};

export function connectRedis(options: { enableAutoPipelining?: boolean } = {}): Redis {
  return new Redis({ port: Number(addressOf('redis')), host: '127.0.0.1', ...options });
}

/** Scripts, with automatic pipelining. */
export async function openRedisLuaStore(): Promise<OneShotStore> {
  const client = connectRedis({ enableAutoPipelining: true });
  await client.flushall();
  const digests = new Map<ProgramName, string>();
  for (const [name, script] of Object.entries(scripts)) {
    digests.set(name as ProgramName, String(await client.script('LOAD', script)));
  }
  return {
    ...base(client),
    async run(program, keys, args) {
      const digest = digests.get(program);
      if (digest === undefined) throw new Error(`there is no script for ${program}`);
      return Number(await client.evalsha(digest, keys.length, ...keys, ...args));
    },
    close: async () => client.disconnect(),
  };
}

export async function openRedisWatchStore(): Promise<OneShotStore> {
  const clients = Array.from({ length: watchConnections }, () => connectRedis());
  const [first] = clients;
  if (first === undefined) throw new Error('no connection');
  await first.flushall();
  const free = [...clients];
  const waiting: ((client: Redis) => void)[] = [];
  const release = (client: Redis): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(client);
    else next(client);
  };
  let conflicts = 0;
  return {
    ...base(first),
    async run(program, keys, args) {
      const client = free.pop() ?? (await new Promise<Redis>((resolve) => waiting.push(resolve)));
      try {
        for (;;) {
          const answer = await attempt(client, program, keys, args);
          if (answer !== undefined) return answer;
          conflicts++;
        }
      } finally {
        release(client);
      }
    },
    figures: async () => ({ 'lost races': conflicts }),
    async close() {
      for (const client of clients) client.disconnect();
    },
  };
}

/** Undefined when one of the keys has changed meanwhile. */
async function attempt(
  client: Redis,
  program: ProgramName,
  keys: readonly string[],
  args: readonly number[],
): Promise<number | undefined> {
  // Both at once: the server handles them in this order.
  const [, texts] = await Promise.all([client.watch(...keys), client.mget(...keys)]);
  const { writes, answer } = runProgram(
    program,
    texts.map((text) => (text === null ? undefined : (JSON.parse(text) as Value))),
    keys,
    args,
  );
  if (writes.length === 0) {
    await client.unwatch();
    return answer;
  }
  const transaction = client.multi();
  for (const [key, value] of writes) transaction.set(key, JSON.stringify(value));
  return (await transaction.exec()) === null ? undefined : answer;
}

function base(client: Redis): Pick<OneShotStore, 'load' | 'entries'> {
  return {
    async load(entries) {
      let batch: string[] = [];
      for (const [key, value] of entries) {
        batch.push(key, JSON.stringify(value));
        if (batch.length < keysPerCommand * 2) continue;
        await client.mset(...batch);
        batch = [];
      }
      if (batch.length > 0) await client.mset(...batch);
    },
    async *entries() {
      for await (const keys of client.scanStream({ count: keysPerCommand })) {
        const found = keys as string[];
        if (found.length === 0) continue;
        const texts = await client.mget(...found);
        for (const [index, key] of found.entries()) yield [key, JSON.parse(texts[index] ?? 'null') as Value];
      }
    },
  };
}
