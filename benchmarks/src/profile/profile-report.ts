/** Reads the profiles that a run has left in a folder, one for each thread, and says where each spent its time. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type CpuProfile, type ThreadProfile, threadProfile } from './cpu-profile.ts';

const functionsShown = 12;

/** Text: for every thread of every subject its busiest functions. */
export async function profileReport(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true });
  const paths = entries.filter((path) => path.endsWith('.cpuprofile')).toSorted();
  if (paths.length === 0) return `No profiles were written to ${folder}.\n`;
  const parts: string[] = [];
  for (const path of paths) {
    const profile = JSON.parse(await readFile(join(folder, path), 'utf8')) as CpuProfile;
    parts.push(renderThread(relative('.', join(folder, path)), threadProfile(profile, functionsShown)));
  }
  return parts.join('\n');
}

function renderThread(title: string, { busyMs, idleMs, top }: ThreadProfile): string {
  const lines = top.map(
    ({ what, ms, share }) =>
      `  ${(share * 100).toFixed(1).padStart(5)} %  ${ms.toFixed(0).padStart(6)} ms  ${what}`,
  );
  const head = `${title}: busy ${busyMs.toFixed(0)} ms, idle ${idleMs.toFixed(0)} ms`;
  return `${[head, ...lines].join('\n')}\n`;
}
