/**
 * The list of everything that is measured. A further peer is one more subject here and a file under `subjects/`; its
 * module is imported in the process that measures it and nowhere else.
 */
import type { Scenario, Subject } from './scenario.ts';
import { storageScenarios } from './storage-scenarios.ts';

const comlink = () => import('./subjects/comlink.ts');
const piscina = () => import('./subjects/piscina.ts');
const raw = () => import('./subjects/raw.ts');
const rawData = () => import('./subjects/raw-data.ts');
const reads = () => import('./subjects/troupe-operations.ts');
const transfers = () => import('./subjects/troupe-transfers.ts');

const compute = () => import('./subjects/troupe-compute.ts');
const contention = () => import('./subjects/troupe-contention.ts');

/** From a thousand to a million accounts: the cost of a transfer must not depend on it. */
const sizeFactors = [0.01, 0.1, 1, 10] as const;

const rawPipelined: Subject = {
  name: 'raw postMessage',
  measure: async (params) => (await raw()).measureRawPipelined(params),
};

const mapReduceSum: Subject = {
  name: 'map-reduce',
  library: 'troupe',
  measure: async (params) => (await compute()).measureMapReduce(params),
};

export const scenarios: readonly Scenario[] = [
  {
    name: 'transport/pipelined',
    title: 'one key per request, many requests in flight',
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    reference: rawPipelined.name,
    subjects: [
      rawPipelined,
      {
        name: 'troupe get',
        library: 'troupe',
        target: { atLeast: 3 },
        measure: async (params) => (await reads()).measureGetPipelined(params),
      },
      {
        name: 'troupe set',
        library: 'troupe',
        measure: async (params) => (await reads()).measureSetPipelined(params),
      },
      {
        name: 'piscina, tuned',
        library: 'piscina',
        measure: async (params) => (await piscina()).measurePiscinaPipelined(params),
      },
      {
        name: 'comlink',
        library: 'comlink',
        measure: async (params) => (await comlink()).measureComlinkPipelined(params),
      },
    ],
  },
  {
    name: 'transport/sequential',
    title: 'one key per request, the next when the last is answered',
    unit: 'µs p50',
    params: ['seconds', 'keyCount', 'hosts'],
    reference: 'raw postMessage',
    subjects: [
      { name: 'raw postMessage', measure: async (params) => (await raw()).measureRawSequential(params) },
      {
        name: 'troupe get',
        library: 'troupe',
        target: { atMost: 1.5 },
        measure: async (params) => (await reads()).measureGetSequential(params),
      },
    ],
  },
  {
    name: 'transport/transactions',
    title: 'a transfer between two accounts, beside one raw request',
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    reference: rawPipelined.name,
    subjects: [
      rawPipelined,
      {
        name: 'closure, 2 hosts',
        library: 'troupe',
        target: { atLeast: 0.5 },
        measure: async (params) => (await transfers()).measureClosure(params),
      },
      {
        name: 'procedure, 2 hosts',
        library: 'troupe',
        target: { atLeast: 0.75 },
        measure: async (params) => (await transfers()).measureProcedure(params),
      },
      {
        name: 'procedure, 1 partition',
        library: 'troupe',
        target: { atLeast: 2 },
        measure: async (params) => (await transfers()).measureLocalProcedure(params),
      },
    ],
  },
  {
    name: 'transactions/size',
    title: 'the transfer between two hosts, by the number of accounts',
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    reference: `keyCount × ${sizeFactors[0]}`,
    subjects: sizeFactors.map((factor) => ({
      name: `keyCount × ${factor}`,
      library: 'troupe',
      measure: async (params) =>
        (await transfers()).measureClosure({ ...params, keyCount: params.keyCount * factor }),
    })),
  },
  {
    name: 'transactions/fairness',
    title: 'transfers between few accounts that everybody wants (Zipf 1.0): what the slowest client gets',
    unit: 'of the mean',
    params: ['seconds', 'hotKeys', 'clients', 'hosts'],
    subjects: [
      {
        name: 'declared keys',
        library: 'troupe',
        target: { atLeast: 0.3 },
        measure: async (params) => (await contention()).measureDeclaredFairness(params),
      },
      {
        name: 'locks as it goes',
        library: 'troupe',
        target: { atLeast: 0.3 },
        measure: async (params) => (await contention()).measureUndeclaredFairness(params),
      },
      {
        name: 'procedure',
        library: 'troupe',
        target: { atLeast: 0.3 },
        measure: async (params) => (await contention()).measureProcedureFairness(params),
      },
    ],
  },
  {
    name: 'transactions/strategies',
    title: 'transfers that lock as they go between few accounts that everybody wants (Zipf 1.0)',
    unit: 'operations/s',
    params: ['seconds', 'hotKeys', 'clients', 'hosts'],
    reference: 'wound-wait',
    subjects: (['wound-wait', 'wait-die', 'no-wait'] as const).map((strategy) => ({
      name: strategy,
      library: 'troupe',
      measure: async (params) => (await contention()).measureStrategy(params, strategy),
    })),
  },
  {
    name: 'transactions/memory',
    title: 'what locking every key once leaves behind',
    unit: 'bytes per key',
    params: ['keyCount'],
    subjects: [
      {
        name: 'troupe',
        library: 'troupe',
        target: { atMost: 1 },
        measure: async (params) =>
          (await import('./subjects/troupe-lock-memory.ts')).measureIdleLockMemory(params),
      },
    ],
  },
  {
    name: 'compute/sum',
    title: 'the sum over a table: at its owners, beside pulling all entries to the caller',
    unit: 'µs p50',
    params: ['seconds', 'loadEntries', 'hosts'],
    reference: 'pulled to the caller',
    subjects: [
      {
        name: 'pulled to the caller',
        library: 'troupe',
        measure: async (params) => (await compute()).measurePull(params),
      },
      { ...mapReduceSum, target: { atMost: 0.05 } },
    ],
  },
  {
    name: 'compute/limit',
    title: 'the sum over a table, beside a plain loop over a Map in one worker thread for each host',
    unit: 'µs p50',
    params: ['seconds', 'loadEntries', 'hosts'],
    reference: 'plain loops',
    subjects: [
      { name: 'plain loops', measure: async (params) => (await rawData()).measureRawSum(params) },
      { ...mapReduceSum, target: { atMost: 2 } },
    ],
  },
  {
    name: 'compute/dispatch',
    title: 'an empty job at the owner of a key, beside a task that reads one key in a worker',
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    reference: 'piscina, tuned',
    subjects: [
      {
        name: 'piscina, tuned',
        library: 'piscina',
        measure: async (params) => (await piscina()).measurePiscinaPipelined(params),
      },
      {
        name: 'empty job',
        library: 'troupe',
        target: { atLeast: 5 },
        measure: async (params) => (await compute()).measureEmptyJob(params),
      },
    ],
  },
  {
    name: 'compute/large-result',
    title: 'an answer of 10 MB, beside a copy that a raw message moves',
    unit: 'µs p50',
    params: ['seconds'],
    reference: 'raw postMessage',
    subjects: [
      {
        name: 'raw postMessage',
        measure: async (params) => (await rawData()).measureRawLargeResult(params),
      },
      {
        name: 'job',
        library: 'troupe',
        target: { atMost: 1.5 },
        measure: async (params) => (await compute()).measureLargeResult(params),
      },
    ],
  },
  {
    name: 'load',
    title: 'setMany of an async iterable into an empty table',
    unit: 'entries/s',
    params: ['loadEntries', 'hosts'],
    subjects: [
      {
        name: 'troupe setMany',
        library: 'troupe',
        measure: async (params) => (await import('./subjects/troupe-load.ts')).measureLoad(params),
      },
    ],
  },
  ...storageScenarios,
];
