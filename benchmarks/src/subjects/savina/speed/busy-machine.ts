/** A measurement beside two processes that never rest, as on a machine that others use, too. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Params, Sample } from '../../../scenario.ts';

const processes = 2;
/** They end by themselves when nobody is left to end them. */
const spareSeconds = 30;

export async function beside(measure: (params: Params) => Promise<Sample>, params: Params): Promise<Sample> {
  const ms = (params.seconds + params.warmUpSeconds + spareSeconds) * 1_000;
  const source = `const end = Date.now() + ${ms}; while (Date.now() < end);`;
  const busy = Array.from(
    { length: processes },
    (): ChildProcess => spawn(process.execPath, ['-e', source], { stdio: 'ignore' }),
  );
  try {
    return await measure(params);
  } finally {
    for (const child of busy) child.kill('SIGKILL');
  }
}
