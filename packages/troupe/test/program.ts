/** Runs a program of `fixtures` in a process of its own, which must end by itself. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Program {
  readonly args?: readonly (string | number)[];
  readonly nodeArgs?: readonly string[];
  readonly timeoutMs: number;
}

/** What the program printed; rejects when it fails, or doesn't end in time. */
export async function runProgram(
  name: string,
  { args = [], nodeArgs = [], timeoutMs }: Program,
): Promise<string> {
  const file = fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
  const { stdout } = await run(process.execPath, [...nodeArgs, file, ...args.map(String)], {
    timeout: timeoutMs,
    maxBuffer: 2 ** 26,
  });
  return stdout;
}
