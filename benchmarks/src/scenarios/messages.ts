/** Messages per transaction, beside what the protocol was designed for. */
import type { Scenario, Subject } from '../scenario.ts';
import type { CountedForm } from '../subjects/troupe-messages.ts';

interface Design {
  readonly form: CountedForm;
  readonly name: string;
  /** Messages one way that the design allows for so many partitions. */
  readonly allowed: (partitions: number) => number;
}

const designs: readonly Design[] = [
  { form: 'declared', name: 'closure, keys declared', allowed: (n) => (n === 1 ? 4 : 5 * n) },
  { form: 'procedure', name: 'procedure', allowed: (n) => (n === 1 ? 2 : 2 + 5 * (n - 1)) },
  {
    form: 'interactive',
    name: 'closure that locks as it goes',
    // One operation on each partition, which reads; what is written travels with the end.
    allowed: (n) => (n === 1 ? 4 : 2 * n + 3 * n),
  },
  { form: 'snapshot', name: 'snapshot', allowed: (n) => 2 * n },
];

export const messagesScenario: Scenario = {
  name: 'transactions/messages',
  title: 'messages between threads for one transaction, by the number of partitions',
  about:
    'Each transaction reads and writes one key in each partition, each partition on a host of its own; counted over 200 of them. The goals are the figures of the design, one way. Fewer are possible because no votes are needed where the thread of the service coordinates. The balances are checked.',
  unit: 'messages',
  params: [],
  subjects: designs.flatMap(({ form, name, allowed }) =>
    [1, 2, 4].map(
      (partitions): Subject => ({
        name: `${name}, ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`,
        library: 'troupe',
        target: { atMost: allowed(partitions) },
        measure: async (params) =>
          (await import('../subjects/troupe-messages.ts')).measureMessages(form, partitions, params),
      }),
    ),
  ),
};
