/** Reads the profiles that a run has left in a folder, one for each thread, and says where each spent its time. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { type CpuProfile, type ThreadProfile, threadProfile } from './cpu-profile.ts';

const functionsShown = 12;
const functionsKept = 8;

/** What one thread did, rounded for a file that people read. */
export interface ThreadTimes {
  /** 0 is the service's. */
  readonly thread: number;
  readonly busyMs: number;
  readonly idleMs: number;
  /** Its busiest functions, with their share of the time it was busy. */
  readonly top: readonly { readonly what: string; readonly share: number }[];
}

/** Text: for every thread of every subject its busiest functions. */
export function profileReport(folder: string): string {
  const paths = profilesIn(folder);
  if (paths.length === 0) return `No profiles were written to ${folder}.\n`;
  return paths
    .map((path) => renderThread(relative('.', path), threadProfile(readProfile(path), functionsShown)))
    .join('\n');
}

/** The threads of the one process whose profiles are in a folder, the service's first. */
export function threadTimes(folder: string): ThreadTimes[] {
  return profilesIn(folder)
    .map((path) => {
      const { busyMs, idleMs, top } = threadProfile(readProfile(path), functionsKept);
      return {
        thread: threadOf(path),
        busyMs: Math.round(busyMs),
        idleMs: Math.round(idleMs),
        top: top.map(({ what, share }) => ({ what, share: Number(share.toFixed(3)) })),
      };
    })
    .toSorted((a, b) => a.thread - b.thread);
}

function profilesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.cpuprofile'))
    .toSorted()
    .map((path) => join(folder, path));
}

function readProfile(path: string): CpuProfile {
  return JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
}

/** Node names profiles `CPU.date.time.process.thread.number.cpuprofile`. */
function threadOf(path: string): number {
  return Number(basename(path).split('.')[4]);
}

function renderThread(title: string, { busyMs, idleMs, top }: ThreadProfile): string {
  const lines = top.map(
    ({ what, ms, share }) =>
      `  ${(share * 100).toFixed(1).padStart(5)} %  ${ms.toFixed(0).padStart(6)} ms  ${what}`,
  );
  const head = `${title}: busy ${busyMs.toFixed(0)} ms, idle ${idleMs.toFixed(0)} ms`;
  return `${[head, ...lines].join('\n')}\n`;
}
