import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const program = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

it('troupe inspect-storage runs the command of the storage package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { status, stderr } = run('inspect-storage', folder);
  expect([status, stderr]).toEqual([1, expect.stringContaining('STORAGE_FOREIGN')]);
});

it('troupe says which commands there are', () => {
  const { status, stderr } = run('toString');
  expect([status, stderr]).toEqual([2, expect.stringContaining('inspect-storage')]);
});

function run(...args: string[]) {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
}
