/** What the durable storage is measured with: the engine by itself, and grids that use it. */
import type { Params, Scenario, Subject } from '../scenario.ts';
import {
  durablePostgres,
  durableSqlite,
  durableTroupe,
  type StoreSubject,
  troupeStore,
} from '../stores/stores.ts';
import type { Workload } from '../workloads/workload.ts';
import { workloadSubject } from './transactions.ts';

const engine = () => import('../subjects/storage-engine.ts');
const raw = () => import('../subjects/raw-storage.ts');

const depositsOf = async (params: Params): Promise<Workload> =>
  (await import('../workloads/deposits.ts')).deposits(params);

const [inMemory, durable] = [troupeStore('procedure'), durableTroupe('procedure')];
const [plainInMemory, plainDurable] = [troupeStore('increment'), durableTroupe('increment')];

const tenTimesThePeers: Subject['comparisons'] = [durableSqlite, durablePostgres].map(({ name }) => ({
  versus: name,
  target: { atLeast: 10 },
}));

function idleSubject({ open, ...subject }: StoreSubject, goals: Pick<Subject, 'target'> = {}): Subject {
  return {
    ...subject,
    ...goals,
    measure: async (params) =>
      (await import('../workloads/workload.ts')).measureWorkloadIdle(open, await depositsOf(params), params),
  };
}

function oneByOne(subject: Subject): Subject {
  return { ...subject, measure: (params) => subject.measure({ ...params, inFlight: 1 }) };
}

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
  {
    name: 'storage/grid-idle',
    title: 'one durable transaction of a grid, the next when the last was answered',
    about:
      'A deposit into one of 10,000 accounts, one after the other, beside a bare append + fdatasync. The money in the bank is checked.',
    unit: 'µs p50',
    params: ['seconds', 'keyCount', 'hosts'],
    fixed: { keyCount: 10_000 },
    reference: 'append + fdatasync',
    subjects: [
      {
        name: 'append + fdatasync',
        measure: async (params) => (await raw()).measureRawAppend(params),
      },
      idleSubject(inMemory),
      idleSubject(durable, { target: { atMost: 2.5 } }),
      idleSubject(plainDurable, { target: { atMost: 2.5 } }),
      idleSubject(durableSqlite),
    ],
  },
  {
    name: 'storage/grid',
    title: 'durable transactions of one partition, many in flight',
    about:
      'Deposits into 100,000 accounts drawn at random, 1,000 in flight: a grid with its data in LMDB, the same grid in memory, both as a procedure and as an operation of the table, SQLite with a write-ahead log that is flushed at each commit, one transaction after the other, and PostgreSQL with its flushes over 16 connections. The money in the bank is checked. Measured after 3 seconds: the threads of a grid compile the code of a durable commit one by one, on cores they share.',
    bound:
      'Two cores are shared by four threads, and all of them are busy. A durable commit costs its host a message to the storage thread and the answer besides what it does in memory, and the storage thread, a fifth of all CPU, the record with its checksum, the flush and the fold into the checkpoint. Writes without a transaction share the record of their turn: 7 to 10 µs of CPU on all threads for an increment that takes 2 in memory, where half of the time of its host is the search for the entry. Transactions have one each, for each can be asked about: 16 to 21 for a procedure that takes 7 to 8.',
    unit: 'transactions/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    fixed: { warmUpSeconds: 3 },
    smoke: { warmUpSeconds: 0.02 },
    reference: inMemory.name,
    subjects: [
      workloadSubject(inMemory, depositsOf),
      workloadSubject(durable, depositsOf, { target: { atLeast: 0.4 }, comparisons: tenTimesThePeers }),
      workloadSubject(plainInMemory, depositsOf),
      workloadSubject(plainDurable, depositsOf, {
        comparisons: [{ versus: plainInMemory.name, target: { atLeast: 0.4 } }, ...tenTimesThePeers],
      }),
      // It has one connection, so one transaction at a time.
      oneByOne(workloadSubject(durableSqlite, depositsOf)),
      workloadSubject(durablePostgres, depositsOf),
    ],
  },
];
