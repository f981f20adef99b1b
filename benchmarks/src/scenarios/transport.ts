/** Messages between threads: single keys, echoes of all sizes, one-way messages. */
import type { Scenario, Subject } from '../scenario.ts';
import type { PoolName, PoolOptions } from '../subjects/echo/pools.ts';

const raw = () => import('../subjects/raw.ts');
const reads = () => import('../subjects/troupe-operations.ts');
const redisReads = () => import('../subjects/redis-reads.ts');
const rawEcho = () => import('../subjects/echo/raw.ts');
const pools = () => import('../subjects/echo/pools.ts');
const troupeEcho = () => import('../subjects/echo/troupe.ts');

export const rawPipelined: Subject = {
  name: 'raw postMessage',
  measure: async (params) => (await raw()).measureRawPipelined(params),
};

export const tunedPiscinaReads: Subject = {
  name: 'piscina, tuned',
  library: 'piscina',
  measure: async (params) => (await import('../subjects/piscina.ts')).measurePiscinaPipelined(params),
};

const rawEchoes: Subject = {
  name: 'raw postMessage',
  measure: async (params) => (await rawEcho()).measureRawEcho(params),
};

function pool(name: string, library: PoolName, options?: PoolOptions): Subject {
  return {
    name,
    library,
    measure: async (params) => (await pools()).measurePoolEcho(library, params, options),
  };
}

const tasksPerWorker = 1_000;
const tunedPiscina = pool('piscina, tuned', 'piscina', { tasksPerWorker });
const jobEcho: Subject = {
  name: 'troupe, job',
  library: 'troupe',
  measure: async (params) => (await troupeEcho()).measureJobEcho(params),
};
const actorEcho: Subject = {
  name: 'troupe, actor',
  library: 'troupe',
  measure: async (params) => (await troupeEcho()).measureActorEcho(params),
};
const otherPools: readonly Subject[] = [
  pool('piscina, default', 'piscina'),
  pool('piscina, tuned, atomics async', 'piscina', { tasksPerWorker, atomics: 'async' }),
  pool('piscina, tuned, atomics disabled', 'piscina', { tasksPerWorker, atomics: 'disabled' }),
  pool('workerpool', 'workerpool'),
  pool('poolifier', 'poolifier'),
  pool('comlink', 'comlink'),
];
const allEchoes: readonly Subject[] = [rawEchoes, tunedPiscina, ...otherPools, jobEcho, actorEcho];

const echoAbout =
  'A payload goes to a worker thread and comes back. Peers have one worker thread, Troupe has its two hosts. Piscina "tuned" may give its worker 1,000 tasks at once, its best setting for small ones; its three ways to wait are shown. Every answer is compared with what was sent.';

interface Echo {
  readonly name: string;
  readonly title: string;
  readonly payloadBytes: number;
  readonly inFlight: number;
  readonly subjects?: readonly Subject[];
  readonly isQuick?: boolean;
}

function echoScenario({
  name,
  title,
  payloadBytes,
  inFlight,
  subjects = allEchoes,
  isQuick,
}: Echo): Scenario {
  return {
    name: `transport/${name}`,
    title,
    about: echoAbout,
    unit: 'operations/s',
    params: ['seconds', 'payloadBytes', 'inFlight', 'hosts'],
    isVariant: true,
    fixed: { payloadBytes, inFlight },
    reference: rawEchoes.name,
    subjects,
    ...(isQuick === undefined ? {} : { isQuick }),
  };
}

export const transportScenarios: readonly Scenario[] = [
  {
    name: 'transport/pipelined',
    title: 'one key per request, 1,000 requests in flight',
    about:
      'Single keys of 100,000 are read. Raw, Piscina and Comlink: one worker thread with a Map. Redis: a server process, with automatic pipelining. Troupe: two hosts. Every value is checked; after `set`, every entry.',
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    isQuick: true,
    reference: rawPipelined.name,
    subjects: [
      rawPipelined,
      {
        name: 'troupe get',
        library: 'troupe',
        target: { atLeast: 5 },
        comparisons: [{ versus: 'Redis get', target: { atLeast: 6 } }],
        measure: async (params) => (await reads()).measureGetPipelined(params),
      },
      {
        name: 'Redis get',
        library: 'ioredis',
        needs: 'redis',
        measure: async (params) => (await redisReads()).measureRedisPipelined(params),
      },
      {
        name: 'troupe set',
        library: 'troupe',
        measure: async (params) => (await reads()).measureSetPipelined(params),
      },
      tunedPiscinaReads,
      {
        name: 'comlink',
        library: 'comlink',
        measure: async (params) => (await import('../subjects/comlink.ts')).measureComlinkPipelined(params),
      },
    ],
  },
  {
    name: 'transport/sequential',
    title: 'one key per request, the next when the last is answered',
    about:
      'The same reads one at a time, with nothing else going on: what a single caller waits for. Most of it is the time the machine takes to wake an idle core. Every value is checked.',
    unit: 'µs p50',
    params: ['seconds', 'keyCount', 'hosts'],
    isQuick: true,
    reference: 'raw postMessage',
    subjects: [
      { name: 'raw postMessage', measure: async (params) => (await raw()).measureRawSequential(params) },
      {
        name: 'troupe get',
        library: 'troupe',
        target: { atMost: 1.2 },
        measure: async (params) => (await reads()).measureGetSequential(params),
      },
      {
        name: 'Redis get',
        library: 'ioredis',
        needs: 'redis',
        measure: async (params) => (await redisReads()).measureRedisSequential(params),
      },
    ],
  },
  {
    ...echoScenario({
      name: 'echo',
      title: 'an empty call and its answer, 1,000 in flight',
      payloadBytes: 0,
      inFlight: 1_000,
    }),
    isQuick: true,
    isVariant: false,
    subjects: [
      rawEchoes,
      { ...jobEcho, comparisons: [{ versus: tunedPiscina.name, target: { atLeast: 6 } }] },
      tunedPiscina,
      actorEcho,
      ...otherPools,
    ],
  },
  echoScenario({ name: 'echo-64', title: 'an empty call, 64 in flight', payloadBytes: 0, inFlight: 64 }),
  {
    ...echoScenario({ name: 'echo-1', title: 'an empty call, one at a time', payloadBytes: 0, inFlight: 1 }),
    unit: 'µs p50',
  },
  echoScenario({
    name: 'echo-100B',
    title: 'objects of 100 bytes, 1,000 in flight',
    payloadBytes: 100,
    inFlight: 1_000,
  }),
  echoScenario({
    name: 'echo-1KB',
    title: 'objects of 1 KB, 1,000 in flight',
    payloadBytes: 1_000,
    inFlight: 1_000,
    isQuick: true,
    subjects: [
      rawEchoes,
      { ...jobEcho, target: { atLeast: 1.5 } },
      actorEcho,
      tunedPiscina,
      ...otherPools.slice(3),
    ],
  }),
  echoScenario({
    name: 'echo-10KB',
    title: 'objects of 10 KB, 64 in flight',
    payloadBytes: 10_000,
    inFlight: 64,
  }),
  echoScenario({
    name: 'echo-100KB',
    title: 'buffers of 100 KB, 64 in flight',
    payloadBytes: 100_000,
    inFlight: 64,
  }),
  echoScenario({
    name: 'echo-1MB',
    title: 'buffers of 1 MB, 16 in flight',
    payloadBytes: 1_000_000,
    inFlight: 16,
    isQuick: true,
    subjects: [
      rawEchoes,
      { ...jobEcho, target: { atLeast: 0.8 } },
      actorEcho,
      tunedPiscina,
      ...otherPools.slice(3),
    ],
  }),
  {
    name: 'transport/one-way',
    title: 'messages that nobody answers',
    about:
      'Bursts of 500 messages, 8 bursts under way. The other libraries have no call without an answer. In the end the receivers must have counted as many as were sent.',
    unit: 'operations/s',
    params: ['seconds', 'hosts'],
    reference: 'raw postMessage',
    subjects: [
      { name: 'raw postMessage', measure: async (params) => (await rawEcho()).measureRawTells(params) },
      {
        name: 'troupe, tell to an actor',
        library: 'troupe',
        target: { atLeast: 4 },
        measure: async (params) => (await troupeEcho()).measureActorTells(params),
      },
    ],
  },
];
