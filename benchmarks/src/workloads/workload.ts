/** A load of one-shot transactions: what is there before, what is asked for, and what must hold in the end. */
import { measurePipelined } from '../measuring/pipelined.ts';
import { measureSequential } from '../measuring/sequential.ts';
import type { Value } from '../programs/program.ts';
import type { ProgramName } from '../programs/programs.ts';
import type { Params, Sample } from '../scenario.ts';
import type { OneShotStore } from '../stores/one-shot-store.ts';

export interface Request {
  readonly program: ProgramName;
  readonly keys: readonly string[];
  readonly args: readonly number[];
}

export interface Workload {
  entries(): Iterable<readonly [string, Value]>;
  /** The next request, drawn at random. */
  next(): Request;
  /** Looks at everything the store holds. `answers`: the sum of all answers. Throws when something is wrong. */
  check(entries: AsyncIterable<readonly [string, Value]>, answers: number): Promise<void>;
}

/** Drawn beforehand, so that drawing costs nobody anything. */
const requestCount = 65_536;
const smokeRequestCount = 4_096;

/** Transactions per second. */
export function measureWorkload(open: Open, workload: Workload, params: Params): Promise<Sample> {
  return measureWith(measurePipelined, open, workload, params);
}

/** Microseconds of one transaction at a time. */
export function measureWorkloadIdle(open: Open, workload: Workload, params: Params): Promise<Sample> {
  return measureWith(measureSequential, open, workload, params);
}

type Open = (params: Params) => Promise<OneShotStore>;

async function measureWith(
  measure: typeof measurePipelined<number>,
  open: Open,
  workload: Workload,
  params: Params,
): Promise<Sample> {
  const store = await open(params);
  try {
    await store.load(workload.entries());
    const count = params.seconds < 0.2 ? smokeRequestCount : requestCount;
    const requests = Array.from({ length: count }, () => workload.next());
    let answers = 0;
    const sample = await measure(
      {
        call: (n) => {
          const { program, keys, args } = requests[n % count] as Request;
          return store.run(program, keys, args);
        },
        check: (_, answer) => {
          if (!Number.isInteger(answer)) throw new Error(`a transaction answered ${answer}`);
          answers += answer;
        },
      },
      params,
    );
    await workload.check(store.entries(), answers);
    return { ...sample, extra: { ...sample.extra, ...(await store.figures?.()) } };
  } finally {
    await store.close();
  }
}
