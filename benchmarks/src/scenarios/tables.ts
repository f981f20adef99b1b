/** Tables: YCSB beside caches, embedded stores and databases, and what entries cost as they grow in number. */

import type { RecordStoreName } from '../records/open-records.ts';
import type { YcsbLetter } from '../records/ycsb.ts';
import type { Params, Scenario, Subject, Unit } from '../scenario.ts';
import { mapStore, peerStores, troupeStore } from '../stores/stores.ts';
import { workloadSubject } from './transactions.ts';

const sizes = () => import('../subjects/table-sizes.ts');

interface Peer {
  readonly name: string;
  readonly store: RecordStoreName;
  readonly library?: string;
  readonly needs?: NonNullable<Subject['needs']>;
}

const peers: readonly Peer[] = [
  { name: 'Map, the limit', store: 'map' },
  { name: 'troupe', store: 'troupe', library: 'troupe' },
  { name: 'lmdb', store: 'lmdb', library: 'lmdb' },
  { name: 'node:sqlite', store: 'sqlite', needs: 'node:sqlite' },
  { name: 'Redis', store: 'redis', library: 'ioredis', needs: 'redis' },
  { name: 'PostgreSQL', store: 'postgres', library: 'pg', needs: 'postgres' },
];

const letters: Readonly<Record<YcsbLetter, string>> = {
  A: 'half reads, half updates',
  B: '95 % reads, 5 % updates',
  C: 'reads only',
  D: '95 % reads of what is new, 5 % inserts',
  E: '95 % scans of up to 100 records, 5 % inserts',
  F: 'half reads, half read-modify-writes',
};

const about =
  "Records of 10 fields of 100 bytes, keys drawn by Zipf's law (0.99), 64 operations in flight, from a client in the service's thread. Map, LMDB and SQLite run in that thread; Redis (automatic pipelining) and PostgreSQL (16 connections) are processes of their own; nobody flushes to disk. Where an update needs it, Troupe runs a procedure at the owner. A field says whose it is, and that is checked with every read; in the end the number of records is.";

function ycsb(letter: YcsbLetter, title: string): Scenario {
  return {
    name: `tables/ycsb-${letter.toLowerCase()}`,
    title: `YCSB ${letter}: ${title}`,
    about:
      letter === 'E'
        ? `${about} Tables of Troupe have no ordered index, so a scan looks at every key of every partition: this is the price.`
        : about,
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts', 'exponent'],
    fixed: { inFlight: 64, exponent: 0.99 },
    isQuick: letter === 'A',
    isVariant: letter === 'B' || letter === 'C',
    reference: 'Map, the limit',
    subjects: peers.map(({ store, ...peer }) => ({
      ...peer,
      ...(store === 'troupe' ? { comparisons: [{ versus: 'Redis' }] } : {}),
      measure: async (params) => (await import('../records/ycsb.ts')).measureYcsb(letter, store, params),
    })),
  };
}

const entryCounts = [1_000, 10_000, 100_000, 1_000_000, 10_000_000] as const;
const hugeFrom = 10_000_000;
const smokeShare = 0.001;
const series = ['troupe', 'Map', 'lmdb', 'Redis'] as const;
type Series = (typeof series)[number];

interface Growth {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly unit: Unit;
  readonly measure: (of: Series, params: Params) => Promise<import('../scenario.ts').Sample>;
}

function growth({ name, title, about: text, unit, measure }: Growth): Scenario {
  const nameOf = (of: Series, count: number): string => `${of}, ${count.toLocaleString('en')} entries`;
  return {
    name,
    title,
    about: text,
    unit,
    params: ['seconds', 'inFlight', 'hosts'],
    xLabel: 'entries',
    subjects: entryCounts.flatMap((count) =>
      series.map(
        (of): Subject => ({
          name: nameOf(of, count),
          ...(of === 'Map' ? {} : { library: of === 'Redis' ? 'ioredis' : of }),
          ...(of === 'Redis' ? { needs: 'redis' } : {}),
          ...(count >= hugeFrom ? { isHuge: true } : {}),
          point: { series: of, x: count },
          ...(of === 'troupe' && count > 1_000 ? { comparisons: [{ versus: nameOf('troupe', 1_000) }] } : {}),
          measure: (params) =>
            measure(of, {
              ...params,
              keyCount: params.seconds < 0.2 ? Math.max(100, count * smokeShare) : count,
            }),
        }),
      ),
    ),
  };
}

export const tableScenarios: readonly Scenario[] = [
  ...(Object.entries(letters) as [YcsbLetter, string][]).map(([letter, title]) => ycsb(letter, title)),
  {
    name: 'tables/ycsb-transactions',
    title: 'four records read and two of them changed, in one transaction',
    about: `${about} The changed records are counted up, and the counts must add up in the end.`,
    unit: 'transactions/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts', 'exponent'],
    fixed: { keyCount: 20_000, inFlight: 64, exponent: 0.99 },
    reference: mapStore.name,
    subjects: [mapStore, troupeStore('procedure'), troupeStore('declared'), ...peerStores.slice(1)].map(
      (store) =>
        workloadSubject(store, async (params) =>
          (await import('../workloads/count-in-two.ts')).countInTwo(params),
        ),
    ),
  },
  growth({
    name: 'tables/size',
    title: 'single reads, by the number of entries',
    about:
      'Values of 100 bytes, keys in no order, 1,000 reads in flight: the cost of an operation must not grow with the table, but for what caches of the processor do. Every value is checked.',
    unit: 'operations/s',
    measure: async (of, params) => (await sizes()).measureReads(of, params),
  }),
  growth({
    name: 'tables/memory',
    title: 'memory per entry, by the number of entries',
    about:
      'Growth of the process (Redis: of the server; LMDB: of its file) while values of 100 bytes are filled in, after a garbage collection of the thread that fills, divided by the number of entries. Small tables drown in what a process takes anyway.',
    unit: 'bytes per key',
    measure: async (of, params) => (await sizes()).measureMemory(of, params),
  }),
];
