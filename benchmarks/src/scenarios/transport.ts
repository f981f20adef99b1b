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

function further(subjects: readonly Subject[]): Subject[] {
  return subjects.map((subject) => ({ ...subject, isFurther: true }));
}

const echoAbout =
  'A payload goes to a worker thread and comes back. Peers have one worker thread, Troupe has its two hosts. Piscina "tuned" may give its worker 1,000 tasks at once, its best setting for small ones; its three ways to wait are shown. Every answer is compared with what was sent.';

/** Of empty jobs; compute/dispatch is about the same. */
export const jobsAreBound =
  'The caller: a job is more than a message. Its argument is checked and copied, it gets an id, a deadline, a record that lets it run again when its thread dies, and a promise with the place of the call; a tenth of the time is waking hosts, a tenth garbage.';

interface Echo {
  readonly name: string;
  readonly title: string;
  readonly payloadBytes: number;
  readonly inFlight: number;
  readonly subjects?: readonly Subject[];
  readonly isQuick?: boolean;
  readonly bound?: string;
}

function echoScenario({
  name,
  title,
  payloadBytes,
  inFlight,
  subjects = allEchoes,
  isQuick,
  bound,
}: Echo): Scenario {
  return {
    name: `transport/${name}`,
    title,
    about: echoAbout,
    unit: 'operations/s',
    params: ['seconds', 'payloadBytes', 'inFlight', 'hosts'],
    isVariant: true,
    fixed: { payloadBytes, inFlight },
    ...(bound === undefined ? {} : { bound }),
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
    bound:
      "The caller's thread is busy all the time while the hosts are half idle, and a third of what hosts do is waiting for memory, in the Map of the entries. A fifth of the caller's time is the loop of the benchmark itself, a tenth `postMessage` (most of it waking a host), a sixth packing and unpacking, the rest the promise, the open call and the garbage. Callers on several threads add up.",
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
        isFurther: true,
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
      bound: jobsAreBound,
    }),
    isQuick: true,
    isVariant: false,
    subjects: [
      rawEchoes,
      { ...jobEcho, comparisons: [{ versus: tunedPiscina.name, target: { atLeast: 6 } }] },
      tunedPiscina,
      actorEcho,
      ...further(otherPools),
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
    bound:
      "Objects are walked three times before they leave (copied at the call, looked through for what msgpack can't carry, packed) and once when they arrive; structured clone does all in one pass of C++. A quarter of the time is collecting garbage: with 1,000 in flight the arguments of all of them are kept, for a job is run again when its thread dies.",
    subjects: [
      rawEchoes,
      { ...jobEcho, target: { atLeast: 1.5 } },
      actorEcho,
      tunedPiscina,
      ...further(otherPools.slice(3)),
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
    bound:
      "Fewer bytes are copied than by postMessage: buffers are copied at the call and then moved. But V8 counts what is moved in against the heap, and marks the whole heap again and again when the heap is small: a third of the CPU here, less the more a host holds. Another third is the copies; a job's arguments are copied twice, because it may have to run again.",
    subjects: [
      rawEchoes,
      { ...jobEcho, target: { atLeast: 0.8 } },
      actorEcho,
      tunedPiscina,
      ...further(otherPools.slice(3)),
    ],
  }),
  {
    name: 'transport/one-way',
    title: 'messages that nobody answers',
    bound:
      "The caller: three tenths of its time are packing and looking for what msgpack can't carry, a tenth is `postMessage`, the rest the message, its place in the window of the link, and the loop of the benchmark. Raw messages keep one worker thread busy, and their sender does nothing but send.",
    about:
      'Bursts of 500 messages, 8 bursts under way, each to one receiver. The other libraries have no call without an answer. In the end the receivers must have counted as many as were sent.',
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
      {
        name: 'troupe, with a reference made for each',
        library: 'troupe',
        measure: async (params) => (await troupeEcho()).measureActorTells(params, 'of the message'),
      },
    ],
  },
];
