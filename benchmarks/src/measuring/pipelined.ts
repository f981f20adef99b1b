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
import { Latencies, timedOneIn } from './latencies.ts';

/** An operation under test: the n-th call, and a look at its answer that throws when it is wrong. */
export interface Operation<Answer> {
  readonly call: (n: number) => Promise<Answer>;
  readonly check: (n: number, answer: Answer) => void;
}

/** When not a single answer came in time, it is looked for again so often. The process has a time limit. */
const lateAnswerSeconds = 0.01;

type PipelinedParams = Pick<Params, 'inFlight' | 'warmUpSeconds' | 'seconds'>;

export async function measurePipelined<Answer>(
  { call, check }: Operation<Answer>,
  { inFlight, warmUpSeconds, seconds }: PipelinedParams,
): Promise<Sample> {
  const latencies = new Latencies();
  let called = 0;
  let answered = 0;
  let stopped = false;
  const lane = async (): Promise<void> => {
    while (!stopped) {
      const n = called++;
      const isTimed = n % timedOneIn === 0;
      const startedMs = isTimed ? performance.now() : 0;
      check(n, await call(n));
      if (isTimed) latencies.add((performance.now() - startedMs) * 1_000);
      answered++;
    }
  };
  const lanes = Promise.all(Array.from({ length: inFlight }, lane));
  // A lane ends early only by failing, and then the measurement is over.
  const passed = (secondsToPass: number): Promise<unknown> =>
    Promise.race([lanes, sleep(secondsToPass * 1_000)]);
  try {
    await passed(warmUpSeconds);
    latencies.clear();
    const before = {
      answered,
      ms: performance.now(),
      cpu: process.cpuUsage(),
      loop: performance.eventLoopUtilization(),
    };
    await passed(seconds);
    while (answered === before.answered) await passed(lateAnswerSeconds);
    const after = { answered, ms: performance.now(), cpu: process.cpuUsage(before.cpu) };
    const { utilization } = performance.eventLoopUtilization(before.loop);
    stopped = true;
    const latencyUs = latencies.summary();
    await lanes;
    if (answered !== called) throw new Error(`${called} calls were made and ${answered} answered`);
    const count = after.answered - before.answered;
    return {
      value: (count * 1_000) / (after.ms - before.ms),
      ...(latencyUs === undefined ? {} : { latencyUs }),
      extra: {
        'CPU of all threads per operation, µs': (after.cpu.user + after.cpu.system) / count,
        'event loop of the caller, share in use': utilization,
      },
    };
  } finally {
    stopped = true;
  }
}
