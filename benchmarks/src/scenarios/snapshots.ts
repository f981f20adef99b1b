/** Read-only transactions beside writers. */
import type { Scenario, Subject } from '../scenario.ts';
import type { Reading } from '../subjects/snapshots.ts';

function beside(name: string, reading: Reading, pace: 'paced' | 'unpaced'): Subject {
  return {
    name,
    library: 'troupe',
    measure: async (params) =>
      (await import('../subjects/snapshots.ts')).measureWritersBeside(reading, pace, params),
  };
}

const alone = beside('writers alone', 'none', 'unpaced');

export const snapshotScenarios: readonly Scenario[] = [
  {
    name: 'snapshots/writers',
    title: 'what writers lose beside somebody who reads 1,000 keys at once',
    about:
      'Writers add to two accounts per transaction, 64 in flight. Beside them somebody reads the first 1,000 accounts ten times a second: in a read-only transaction (a snapshot, without locks), in a transaction that locks them, or key by key without any promise. "Without pause" reads again as soon as the last was answered, and so takes its share of the cores, whatever way it reads; compare it with the plain reads. A snapshot that shows one account of a pair and not the other is a failure.',
    bound:
      'Each read takes the two cores, which the writers keep busy, for as long as it lasts, ten times a second. On Node 20 a transaction turns on promise hooks besides (AsyncLocalStorage), which every promise of the service pays for from then on: transactions that lock cost the writers as much as snapshots, plain reads less. One run of the writers differs from the next by more than all of that.',
    unit: 'transactions/s',
    params: ['seconds', 'keyCount', 'inFlight', 'hosts'],
    fixed: { inFlight: 64 },
    isQuick: true,
    reference: alone.name,
    subjects: [
      alone,
      { ...beside('snapshots, 10 per second', 'snapshot', 'paced'), target: { atLeast: 0.95 } },
      { ...beside('locking reads, 10 per second', 'locks', 'paced'), isFurther: true },
      beside('plain reads, 10 per second', 'gets', 'paced'),
      { ...beside('snapshots without pause', 'snapshot', 'unpaced'), isFurther: true },
      { ...beside('plain reads without pause', 'gets', 'unpaced'), isFurther: true },
    ],
  },
];
