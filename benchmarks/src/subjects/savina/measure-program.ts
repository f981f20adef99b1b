/** Runs a program again and again on one runtime, and counts the messages per second. */
import type { Params, Sample } from '../../scenario.ts';
import type { Program, Role, Runtime } from './program.ts';

export type StartRuntime = (roles: readonly Role[], params: Params) => Promise<Runtime>;

export async function measureProgram(program: Program, start: StartRuntime, params: Params): Promise<Sample> {
  const runtime = await start(program.roles, params);
  let number = 0;
  const runFor = async (seconds: number) => {
    const startedMs = performance.now();
    const startedCpu = process.cpuUsage();
    let messages = 0;
    let runs = 0;
    do {
      messages += await program.run(runtime, { number: number++, messages: params.messages });
      runs++;
    } while (performance.now() - startedMs < seconds * 1_000);
    const cpu = process.cpuUsage(startedCpu);
    return { messages, runs, ms: performance.now() - startedMs, cpuUs: cpu.user + cpu.system };
  };
  try {
    await runFor(params.warmUpSeconds);
    const { messages, runs, ms, cpuUs } = await runFor(params.seconds);
    return {
      value: (messages * 1_000) / ms,
      extra: { 'CPU of all threads per message, µs': cpuUs / messages, 'runs of the program': runs },
    };
  } finally {
    await runtime.close();
  }
}
