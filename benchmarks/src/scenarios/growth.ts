/** Curves: what an operation costs as threads, partitions and operations in flight grow in number, and where they bend. */
import type { Params, Sample, Scenario, Subject } from '../scenario.ts';

type Measure = (params: Params) => Promise<Sample>;

const get: Measure = async (params) =>
  (await import('../subjects/troupe-operations.ts')).measureGetPipelined(params);
const transfer: Measure = async (params) => {
  const [{ measureWorkload }, { transfersBetween }, { openTroupeStore }] = await Promise.all([
    import('../workloads/workload.ts'),
    import('../workloads/transfers.ts'),
    import('../stores/troupe-store.ts'),
  ]);
  const open = (given: Params) => openTroupeStore(given, { form: 'procedure' });
  return measureWorkload(open, transfersBetween(2, params), params);
};
const raw: Measure = async (params) => (await import('../subjects/raw.ts')).measureRawPipelined(params);

interface Curve {
  readonly series: string;
  readonly library?: string;
  readonly measure: Measure;
}

const curves: readonly Curve[] = [
  { series: 'get', library: 'troupe', measure: get },
  { series: 'transfer by procedure', library: 'troupe', measure: transfer },
];

/** A smoke run looks at the ends of a curve only, and not at all at what takes long to start. */
const smokeMax = 64;

interface Growing {
  readonly what: 'hosts' | 'partitions' | 'inFlight';
  readonly xLabel: string;
  readonly values: readonly number[];
  readonly title: string;
  readonly about: string;
  readonly curves: readonly Curve[];
}

function growing({ what, xLabel, values, title, about, curves: drawn }: Growing): Scenario {
  const nameOf = (series: string, value: number): string =>
    `${series}, ${value.toLocaleString('en')} ${xLabel}`;
  const others: (keyof Params)[] = ['hosts', 'partitions', 'inFlight'];
  const first = values[0] as number;
  return {
    name: `growth/${what === 'inFlight' ? 'in-flight' : what}`,
    title,
    about,
    unit: 'operations/s',
    params: ['seconds', 'keyCount', ...others.filter((param) => param !== what)],
    xLabel,
    subjects: drawn.flatMap(({ series, library, measure }) =>
      values.map(
        (value): Subject => ({
          name: nameOf(series, value),
          ...(library === undefined ? {} : { library }),
          point: { series, x: value },
          ...(value === first ? {} : { comparisons: [{ versus: nameOf(series, first) }] }),
          measure: (params) =>
            measure({ ...params, [what]: params.seconds < 0.2 ? Math.min(value, smokeMax) : value }),
        }),
      ),
    ),
  };
}

export const growthScenarios: readonly Scenario[] = [
  growing({
    what: 'hosts',
    xLabel: 'hosts',
    values: [1, 2, 4, 8, 16],
    title: 'by the number of host threads',
    about:
      'More threads than cores bring no speed: what is lost beyond them is the cost of the mesh, in which every pair of threads has a port. Values and balances are checked.',
    curves,
  }),
  growing({
    what: 'partitions',
    xLabel: 'partitions',
    values: [16, 64, 256, 1_024],
    title: 'by the number of partitions',
    about: 'Two hosts share the partitions. Values and balances are checked.',
    curves,
  }),
  growing({
    what: 'inFlight',
    xLabel: 'in flight',
    values: [1, 10, 100, 1_000, 10_000],
    title: 'by the number of operations in flight',
    about:
      'With one in flight a caller pays for every wake-up; with many, messages travel together. Raw: one message for each request. Values and balances are checked.',
    curves: [{ series: 'raw postMessage', measure: raw }, ...curves],
  }),
];
