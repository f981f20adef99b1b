/** What one pays before anything is done: time, memory, packages. */
import type { Scenario, Subject } from '../scenario.ts';
import type { PoolName } from '../subjects/echo/pools.ts';

const startUp = () => import('../subjects/start-up.ts');

const poolNames: readonly PoolName[] = ['piscina', 'workerpool', 'poolifier', 'comlink'];
const packages = ['troupe', ...poolNames, 'ioredis', 'pg', 'lmdb'] as const;

function gridStart(name: string, hosts: number): Subject {
  return {
    name,
    library: 'troupe',
    measure: async (params) => (await startUp()).measureGridStart({ ...params, hosts }),
  };
}

export const startUpScenarios: readonly Scenario[] = [
  {
    name: 'start-up/first-answer',
    title: 'from nothing loaded to the first answer of a worker thread',
    about:
      'In a process that has just begun: the import of the library, the start of its thread, one call and its answer.',
    unit: 'ms',
    params: [],
    reference: 'raw Worker',
    subjects: [
      { name: 'raw Worker', measure: async () => (await startUp()).measureRawStart() },
      ...poolNames.map(
        (name): Subject => ({
          name,
          library: name,
          measure: async () => (await startUp()).measurePoolStart(name),
        }),
      ),
      gridStart('troupe, 1 host', 1),
      gridStart('troupe, 2 hosts', 2),
    ],
  },
  {
    name: 'start-up/thread-memory',
    title: 'memory of a thread that does nothing',
    about: 'What each of four more threads adds to the process; the grid is empty.',
    unit: 'MB',
    params: [],
    reference: 'raw Worker',
    subjects: [
      { name: 'raw Worker', measure: async (params) => (await startUp()).measureThreadMemory('raw', params) },
      {
        name: 'troupe, host',
        library: 'troupe',
        measure: async (params) => (await startUp()).measureThreadMemory('troupe', params),
      },
    ],
  },
  {
    name: 'start-up/install-size',
    title: 'what an installation brings',
    about:
      'Files of the package and of all that it depends on, optional binaries of this platform included, as they lie on this machine; for our own packages, what they publish.',
    unit: 'MB',
    params: [],
    subjects: packages.map((name) => ({
      name,
      library: name,
      measure: async () => (await import('../subjects/package-size.ts')).measureInstallSize(name),
    })),
  },
];
