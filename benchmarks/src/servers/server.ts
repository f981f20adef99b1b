/**
 * A server that subjects are measured against: started on a free port of this machine only, with a temporary folder,
 * as durable as the grid it is compared with, which mostly is not at all; stopped at the end, whatever the end is. On Linux the kernel ends it even when this process is killed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** `postgres-durable`: the same server with its flushes, for what is compared with durable grids. */
export type ServerName = 'redis' | 'postgres' | 'postgres-durable';

export interface RunningServer {
  readonly version: string;
  /** What a subject's process needs to reach it; it finds this in its environment. */
  readonly address: string;
  stop(): Promise<void>;
}

/** There is no such server here. The message says how to get it. */
export class ServerMissingError extends Error {
  override readonly name = 'ServerMissingError';
}

/** The variable that tells a subject's process where a server is. */
export function addressVariable(server: ServerName): string {
  return `TROUPE_BENCH_${server.toUpperCase().replaceAll('-', '_')}`;
}

/** Where the harness has started the server. */
export function addressOf(server: ServerName): string {
  const address = process.env[addressVariable(server)];
  if (address === undefined) throw new Error(`the harness started no ${server}`);
  return address;
}

/** The path of a program, or undefined: in PATH, or in a folder like `/usr/lib/postgresql/15/bin`. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const inPath = (process.env['PATH'] ?? '').split(delimiter);
  return [...folders, ...inPath].map((folder) => join(folder, name)).find(isExecutable);
}

/** `parent/X/rest` for every X there is, the highest first. */
export function versionFolders(parent: string, rest: string): string[] {
  try {
    const versions = readdirSync(parent).toSorted((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(parent, version, rest));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port was found');
  return address.port;
}

export function temporaryFolder(server: ServerName): string {
  return mkdtempSync(join(tmpdir(), `troupe-bench-${server}-`));
}

export function versionOfProgram(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'unknown';
}

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** Resolves once the server answers, rejects while it doesn't. */
  readonly probe: () => Promise<void>;
  readonly stopSignal: NodeJS.Signals;
}

const startLimitMs = 20_000;
const probeEveryMs = 50;
const stopLimitMs = 5_000;

/** Starts a server and waits until it answers. When it doesn't, nothing of it is left. */
export async function launch({
  program,
  args,
  folder,
  probe,
  stopSignal,
}: Launch): Promise<() => Promise<void>> {
  const [command, commandArgs] = endingWithThisProcess(program, args);
  const child = spawn(command, commandArgs, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-2_000);
    });
  }
  child.on('error', (error) => {
    output += error.message;
  });
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  // For an end that leaves no time for anything else.
  const atExit = (): void => {
    child.kill('SIGKILL');
    removeFolder();
  };
  process.once('exit', atExit);
  const stop = async (): Promise<void> => {
    await endOf(child, stopSignal);
    process.off('exit', atExit);
    removeFolder();
  };
  const deadline = Date.now() + startLimitMs;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    try {
      await probe();
      return stop;
    } catch {
      await sleep(probeEveryMs);
    }
  }
  await stop();
  throw new Error(`${program} did not start: ${output.trim()}`);
}

async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await ended;
  clearTimeout(timer);
}

/** Through `setpriv`, where there is one: it asks the kernel to end the server together with this process. */
function endingWithThisProcess(program: string, args: readonly string[]): [string, string[]] {
  const setpriv = findProgram('setpriv');
  return setpriv === undefined ? [program, [...args]] : [setpriv, ['--pdeathsig', 'KILL', program, ...args]];
}
