/**
 * The list of everything that is measured. A further peer is one more subject here and a file under `subjects/`; its
 * module is imported in the process that measures it and nowhere else.
 */
import type { Scenario, Subject } from './scenario.ts';

const comlink = () => import('./subjects/comlink.ts');
const piscina = () => import('./subjects/piscina.ts');
const raw = () => import('./subjects/raw.ts');
const reads = () => import('./subjects/troupe-operations.ts');
const transfers = () => import('./subjects/troupe-transfers.ts');

const rawPipelined: Subject = {
  name: 'raw postMessage',
  measure: async (params) => (await raw()).measureRawPipelined(params),
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
        target: { atLeast: 0.4 },
        measure: async (params) => (await transfers()).measureClosure(params),
      },
      {
        name: 'procedure, 2 hosts',
        library: 'troupe',
        measure: async (params) => (await transfers()).measureProcedure(params),
      },
      {
        name: 'procedure, 1 partition',
        library: 'troupe',
        measure: async (params) => (await transfers()).measureLocalProcedure(params),
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
];
