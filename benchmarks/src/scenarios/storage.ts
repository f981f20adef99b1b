/** What the durable storage is measured with: the engine by itself, without a grid around it. */
import type { Scenario } from '../scenario.ts';

const engine = () => import('../subjects/storage-engine.ts');
const raw = () => import('../subjects/raw-storage.ts');

export const storageScenarios: readonly Scenario[] = [
  {
    name: 'storage/idle',
    title: 'one small durable commit, the next when the last is durable',
    about:
      'One commit of 100 bytes after the other, by the engine alone, beside a bare append + fdatasync and a put in LMDB. Every commit must be there when the storage is opened again.',
    unit: 'µs p50',
    params: ['seconds', 'keyCount'],
    reference: 'append + fdatasync',
    subjects: [
      {
        name: 'append + fdatasync',
        measure: async (params) => (await raw()).measureRawAppend(params),
      },
      {
        name: 'blocking append + fdatasync',
        measure: async (params) => (await raw()).measureBlockingAppend(params),
      },
      {
        name: 'lmdb put, flushed',
        library: 'lmdb',
        measure: async (params) => (await raw()).measureLmdbPut(params),
      },
      {
        name: 'troupe append',
        library: '@troupe/storage-lmdb',
        target: { atMost: 2.5 },
        measure: async (params) => (await engine()).measureIdleAppend(params),
      },
    ],
  },
  {
    name: 'storage/pipelined',
    title: 'small durable commits of random keys, many in flight, folded as they come',
    about: 'The same, 1,000 in flight, of 100,000 random keys, while the checkpoint folds them.',
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight'],
    reference: 'lmdb put, flushed',
    subjects: [
      {
        name: 'lmdb put, flushed',
        library: 'lmdb',
        measure: async (params) => (await raw()).measureLmdbPipelined(params),
      },
      {
        name: 'troupe append',
        library: '@troupe/storage-lmdb',
        target: { atLeast: 1 },
        measure: async (params) => (await engine()).measurePipelinedAppend(params),
      },
    ],
  },
  {
    name: 'storage/recovery',
    title: 'a start that reads every partition, of entries of 100 bytes',
    about:
      '1,000,000 commits of 100 bytes, closed; then opened and every partition read. The number of entries is checked.',
    unit: 'entries/s',
    params: ['loadEntries'],
    subjects: [
      {
        name: 'troupe',
        library: '@troupe/storage-lmdb',
        target: { atLeast: 100_000 },
        measure: async (params) => (await engine()).measureRecovery(params),
      },
    ],
  },
];
