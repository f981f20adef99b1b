/** Transactions: transfers, SmallBank, MultiTransfer, New-Order, and what conflicts and locks cost. */
import type { Params, Scenario, Subject } from '../scenario.ts';
import type { Target } from '../statistics.ts';
import { mapStore, peerStores, redisLua, type StoreSubject, troupeStore } from '../stores/stores.ts';
import type { Workload } from '../workloads/workload.ts';
import { messagesScenario } from './messages.ts';
import { rawPipelined } from './transport.ts';

const transfers = () => import('../subjects/troupe-transfers.ts');
const contention = () => import('../subjects/troupe-contention.ts');

type WorkloadOf = (params: Params) => Promise<Workload>;
type Goals = Pick<Subject, 'target' | 'valueTarget' | 'comparisons'>;

export function workloadSubject(
  { open, ...subject }: StoreSubject,
  workload: WorkloadOf,
  goals: Goals = {},
): Subject {
  return {
    ...subject,
    ...goals,
    measure: async (params) =>
      (await import('../workloads/workload.ts')).measureWorkload(open, await workload(params), params),
  };
}

const transferBetweenTwo: WorkloadOf = async (params) =>
  (await import('../workloads/transfers.ts')).transfersBetween(2, params);
const multiTransferOf: WorkloadOf = async (params) =>
  (await import('../workloads/transfers.ts')).transfersBetween(4, params);
const smallBankOf: WorkloadOf = async (params) =>
  (await import('../workloads/small-bank.ts')).smallBank(params);
const newOrderOf: WorkloadOf = async () => (await import('../workloads/new-order.ts')).newOrders();

const [procedure, declared, interactive] = [
  troupeStore('procedure'),
  troupeStore('declared'),
  troupeStore('interactive'),
];

/** From a thousand to a million accounts: the cost of a transfer must not depend on it. */
const sizeFactors = [0.01, 0.1, 1, 10] as const;

/** The ways in which accounts are drawn. */
const spreads = [
  { suffix: 'uniform', title: 'drawn uniformly', fixed: {} },
  { suffix: 'zipf-0.9', title: "drawn by Zipf's law, exponent 0.9", fixed: { exponent: 0.9 } },
  { suffix: 'zipf-1.0', title: "drawn by Zipf's law, exponent 1.0", fixed: { exponent: 1 } },
  { suffix: 'zipf-1.25', title: "drawn by Zipf's law, exponent 1.25", fixed: { exponent: 1.25 } },
  { suffix: 'zipf-1.5', title: "drawn by Zipf's law, exponent 1.5", fixed: { exponent: 1.5 } },
  { suffix: 'hotspot', title: 'three of four draws from 1 % of them', fixed: { hotPercent: 1 } },
] as const;

/** Ten times what Snapper's authors published for its actor transactions on 4 cores of another machine. */
const snapperGoals: Readonly<Record<string, { readonly target: Target; readonly bound: string }>> = {
  uniform: {
    target: { atLeast: 45_310 },
    bound:
      'With 64 in flight frames carry few messages: a tenth of what hosts do is `postMessage`, and the rest spreads over locks, versions and messages for four accounts on two hosts, no function with more than a twentieth. Three threads share two cores.',
  },
  'zipf-1.5': {
    target: { atLeast: 59_810 },
    bound:
      'The hottest account: one transaction after the other holds its lock from the request to the commit, which takes messages between two threads. All threads are idle half of the time; a fifth of what hosts do is `postMessage`, that is, waking the other thread for a message or two.',
  },
};

function multiTransferScenario({ suffix, title, fixed }: (typeof spreads)[number]): Scenario {
  const goal = snapperGoals[suffix];
  const goals: Goals = goal === undefined ? {} : { valueTarget: goal.target };
  return {
    name: `transactions/multi-transfer-${suffix}`,
    title: `from one of 10,000 accounts to three others, ${title}`,
    about:
      'As in the Snapper paper: four of 10,000 accounts in each transaction, 64 in flight. Snapper published 4,531 (uniform) and 5,981 (Zipf 1.5) transactions per second on 4 cores of other hardware, with its actors persistent; the goal is ten times that, which compares orders of magnitude and no more. The sum of all balances is checked.',
    ...(goal === undefined ? {} : { bound: goal.bound }),
    unit: 'transactions/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts', 'exponent', 'hotPercent'],
    fixed: { keyCount: 10_000, inFlight: 64, ...fixed },
    isQuick: goal !== undefined,
    isVariant: suffix !== 'hotspot',
    reference: mapStore.name,
    subjects: [
      workloadSubject(mapStore, multiTransferOf),
      workloadSubject(procedure, multiTransferOf, goals),
      ...(goal === undefined
        ? [declared, interactive, redisLua].map((store) => workloadSubject(store, multiTransferOf))
        : [workloadSubject(declared, multiTransferOf)]),
    ],
  };
}

function smallBankScenario({ suffix, title, fixed }: (typeof spreads)[number]): Scenario {
  const homed = { isHomed: true };
  return {
    name: `transactions/small-bank-${suffix}`,
    title: `SmallBank with 18,000 customers, ${title}`,
    about:
      'The six transactions of SmallBank in the usual mix (15 % each, payments 25 %), corrected so that they read what they decide on. With Troupe the two accounts of a customer lie together. In the end the money in the bank must be what deposits, withdrawals and penalties add up to.',
    unit: 'transactions/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts', 'exponent', 'hotPercent'],
    fixed: { keyCount: 18_000, inFlight: 64, ...fixed },
    isVariant: suffix !== 'uniform',
    reference: mapStore.name,
    subjects: [
      mapStore,
      troupeStore('procedure', homed),
      troupeStore('declared', homed),
      ...peerStores.slice(1),
    ].map((store) => workloadSubject(store, smallBankOf)),
  };
}

export const transactionScenarios: readonly Scenario[] = [
  {
    name: 'transactions/transfer',
    title: 'from one of 100,000 accounts to another, 1,000 in flight',
    about:
      'Both balances are read and written in one transaction. Redis does it in a Lua script, or optimistically with WATCH and MULTI on 64 connections; PostgreSQL in SERIALIZABLE on 16 connections; SQLite and LMDB run in the thread of the service; a Map behind a mutex is what a service has before it needs more than one thread. None of them flushes to disk. The sum of all balances is checked.',
    bound:
      'A transfer over two hosts takes about 30 µs of CPU over three threads on two cores, of which about a tenth is garbage collection and a tenth `postMessage` at the service; it is the sum of many parts: five messages, four locks, two versions, a status word, a deadline, a promise.',
    unit: 'transactions/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    isQuick: true,
    reference: redisLua.name,
    subjects: [
      workloadSubject(redisLua, transferBetweenTwo),
      workloadSubject(procedure, transferBetweenTwo, {
        target: { atLeast: 3 },
        comparisons: [
          { versus: 'Redis, WATCH and MULTI', target: { atLeast: 30 } },
          { versus: mapStore.name },
        ],
      }),
      workloadSubject(declared, transferBetweenTwo, { target: { atLeast: 1.5 } }),
      workloadSubject(interactive, transferBetweenTwo),
      ...peerStores.map((store) => workloadSubject(store, transferBetweenTwo)),
    ],
  },
  {
    name: 'transactions/raw',
    title: 'a transfer between two accounts, beside one raw request',
    about:
      'The transfer with accounts drawn on different hosts, or in one partition, beside a single read by raw postMessage: how much a transaction costs in messages of the platform. Each balance is checked in the end.',
    bound:
      'One raw request is one message there and one back. A transfer over two hosts is five or six, with four locks and two versions, over three threads that share two cores; a procedure in one partition is two messages, with the same locks and versions. The service is busy most of the time, a tenth of it with `postMessage` and a tenth with garbage collection; of the hosts’ work no part has more than a tenth.',
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    smoke: { hosts: 2 },
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
    about: 'The same transfer with 1,000 to 1,000,000 accounts: the cost must not grow with the table.',
    unit: 'operations/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    smoke: { hosts: 2 },
    xLabel: 'accounts',
    reference: `keyCount × ${sizeFactors[0]}`,
    subjects: sizeFactors.map((factor) => ({
      name: `keyCount × ${factor}`,
      library: 'troupe',
      point: { series: 'closure', x: factor * 100_000 },
      measure: async (params) =>
        (await transfers()).measureClosure({ ...params, keyCount: params.keyCount * factor }),
    })),
  },
  ...spreads
    .filter(({ suffix }) => ['uniform', 'zipf-1.0', 'hotspot'].includes(suffix))
    .map(smallBankScenario),
  ...spreads.map(multiTransferScenario),
  {
    name: 'transactions/new-order',
    title: 'New-Order of TPC-C, 8 warehouses',
    about:
      'One of the five transactions of TPC-C, at a scale of its own, without terminals and think times, so no TPC-C result: 8 warehouses of 10 districts with 100 customers, 1,000 items, 5 to 15 lines, 1 % of the lines from another warehouse, 1 % of the orders refused. With Troupe a warehouse lies in one partition. Orders, numbers and stocks must agree in the end.',
    unit: 'transactions/s',
    params: ['seconds', 'inFlight', 'hosts'],
    fixed: { inFlight: 64 },
    reference: mapStore.name,
    subjects: [
      mapStore,
      troupeStore('procedure', { isHomed: true }),
      troupeStore('declared', { isHomed: true }),
      ...peerStores.slice(1),
    ].map((store) => workloadSubject(store, newOrderOf)),
  },
  {
    name: 'transactions/fairness',
    title: 'transfers between few accounts that everybody wants (Zipf 1.0): what the slowest client gets',
    about:
      '64 clients transfer between 16 accounts, one transaction at a time: what the slowest of them gets done, as a share of the mean. The sum of the balances is checked.',
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
    about:
      'The same clients and accounts under wound-wait, which the grid uses, and under wait-die and no-wait. The sum of the balances is checked.',
    unit: 'operations/s',
    params: ['seconds', 'hotKeys', 'clients', 'hosts'],
    reference: 'wound-wait',
    subjects: (['wound-wait', 'wait-die', 'no-wait'] as const).map((strategy) => ({
      name: strategy,
      library: 'troupe',
      measure: async (params) => (await contention()).measureStrategy(params, strategy),
    })),
  },
  messagesScenario,
  {
    name: 'transactions/memory',
    title: 'what locking every key once leaves behind',
    about:
      "The owner's heap before and after transactions have locked each of 100,000 keys. Every key was locked.",
    unit: 'bytes per key',
    params: ['keyCount'],
    subjects: [
      {
        name: 'troupe',
        library: 'troupe',
        target: { atMost: 1 },
        measure: async (params) =>
          (await import('../subjects/troupe-lock-memory.ts')).measureIdleLockMemory(params),
      },
    ],
  },
];
