/** Latency of one operation at a time, with nothing else going on. Sampling and percentiles are tinybench's. */
import { Bench } from 'tinybench';
import type { Params, Sample } from '../scenario.ts';
import type { Operation } from './pipelined.ts';

/** Of operations that take long, so many; the library's default of 64 would take minutes for those of seconds. */
const iterationsMin = 5;

export async function measureSequential<Answer>(
  { call, check }: Operation<Answer>,
  { seconds, warmUpSeconds }: Pick<Params, 'seconds' | 'warmUpSeconds'>,
): Promise<Sample> {
  const bench = new Bench({
    time: seconds * 1_000,
    warmupTime: warmUpSeconds * 1_000,
    iterations: iterationsMin,
    warmupIterations: 1,
    throws: true,
    retainSamples: false,
  });
  let n = 0;
  const ask = async (): Promise<void> => {
    check(n, await call(n));
    n++;
  };
  const [task] = await bench.add('ask', ask, { async: true }).run();
  const result = task?.result;
  if (result?.state !== 'completed') throw new Error(`the measurement ended as ${String(result?.state)}`);
  const latencyUs = { p50: result.latency.p50 * 1_000, p99: result.latency.p99 * 1_000 };
  return { value: latencyUs.p50, latencyUs };
}
