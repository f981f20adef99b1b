/**
 * Throughput with a fixed number of operations in flight. A loop of our own: benchmark libraries time one call after
 * the other, or batches that drain before the next begins, and neither keeps a pipeline full.
 *
 * Each lane makes its next call when its last was answered, so calls are made in bursts as answers arrive, as in a
 * service under load. Counted are the answers within the measured time; every answer is checked, counted or not. The
 * CPU time per operation helps to tell costly work from a busy machine.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Params, Sample } from '../scenario.ts';

/** An operation under test: the n-th call, and a look at its answer that throws when it is wrong. */
export interface Operation<Answer> {
  readonly call: (n: number) => Promise<Answer>;
  readonly check: (n: number, answer: Answer) => void;
}

export async function measurePipelined<Answer>(
  { call, check }: Operation<Answer>,
  { inFlight, warmUpSeconds, seconds }: Params,
): Promise<Sample> {
  let called = 0;
  let answered = 0;
  let stopped = false;
  const lane = async (): Promise<void> => {
    while (!stopped) {
      const n = called++;
      check(n, await call(n));
      answered++;
    }
  };
  const lanes = Promise.all(Array.from({ length: inFlight }, lane));
  // A lane ends early only by failing, and then the measurement is over.
  const passed = (secondsToPass: number): Promise<unknown> =>
    Promise.race([lanes, sleep(secondsToPass * 1_000)]);
  try {
    await passed(warmUpSeconds);
    const before = { answered, ms: performance.now(), cpu: process.cpuUsage() };
    await passed(seconds);
    const after = { answered, ms: performance.now(), cpu: process.cpuUsage(before.cpu) };
    stopped = true;
    await lanes;
    if (answered !== called) throw new Error(`${called} calls were made and ${answered} answered`);
    const count = after.answered - before.answered;
    return {
      value: (count * 1_000) / (after.ms - before.ms),
      extra: { 'CPU of all threads per operation, µs': (after.cpu.user + after.cpu.system) / count },
    };
  } finally {
    stopped = true;
  }
}
