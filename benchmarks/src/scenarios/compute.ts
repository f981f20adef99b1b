/** Code at the data: aggregation, dispatch, large results, and the load of a table. */
import type { Scenario, Subject } from '../scenario.ts';
import { jobsAreBound, tunedPiscinaReads } from './transport.ts';

const compute = () => import('../subjects/troupe-compute.ts');
const rawData = () => import('../subjects/raw-data.ts');

const mapReduceSum: Subject = {
  name: 'map-reduce',
  library: 'troupe',
  measure: async (params) => (await compute()).measureMapReduce(params),
};

export const computeScenarios: readonly Scenario[] = [
  {
    name: 'compute/sum',
    title: 'the sum over a table: at its owners, beside pulling all entries to the caller',
    about:
      'The sum over 1,000,000 entries, checked each time: by map-reduce at the owners, by pulling all entries to the caller, and by sending them to a Piscina worker, which is what a pool without data can do.',
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
      {
        name: 'piscina, data sent',
        library: 'piscina',
        measure: async (params) => (await import('../subjects/piscina-sum.ts')).measurePiscinaSum(params),
      },
    ],
  },
  {
    name: 'compute/limit',
    title: 'the sum over a table, beside a plain loop over a Map in one worker thread for each host',
    about:
      'The same sum beside what one writes by hand: a loop over a Map in one worker thread for each host.',
    bound:
      'Of what hosts do, the load included, two fifths is walking the versions of the table: for each entry the newest version is looked at, which a Map of bare values does not have.',
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
    about: 'The job does nothing, at the owner of a key, 1,000 in flight. Every answer is checked.',
    bound: jobsAreBound,
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    reference: 'piscina, tuned',
    subjects: [
      tunedPiscinaReads,
      {
        name: 'empty job',
        library: 'troupe',
        target: { atLeast: 6 },
        measure: async (params) => (await compute()).measureEmptyJob(params),
      },
    ],
  },
  {
    name: 'compute/large-result',
    title: 'an answer of 10 MB, beside a copy that a raw message moves',
    about: 'A Float64Array of 10 MB from a worker thread; its length and last item are checked.',
    bound:
      'Two thirds of the host’s time is the copy of the array, made because the body may keep what it has answered with; two thirds of the service’s is garbage collection, which large buffers that come and go bring on.',
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
    about:
      '1,000,000 entries from an async iterable through `setMany`; the size and 1,000 entries are checked.',
    unit: 'entries/s',
    params: ['loadEntries', 'hosts'],
    subjects: [
      {
        name: 'troupe setMany',
        library: 'troupe',
        measure: async (params) => (await import('../subjects/troupe-load.ts')).measureLoad(params),
      },
    ],
  },
];
