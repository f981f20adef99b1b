// LMDB's pages have no checksums: a damaged one must never pass for one with fewer entries.
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SeededRandom, storedCommit } from '@troupe/testkit';
import { expect, it } from 'vitest';
import { openAt, temporaryFolder } from './temporary-storage.ts';

const program = fileURLToPath(new URL('./fixtures/count-entries.mjs', import.meta.url));
const entryCount = 600;
const pageBytes = 4_096;

it('a checkpoint with a damaged page shows every entry, is refused, or ends the process', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'grid');
  const engine = await openAt(path, { partitionCount: 2, tables: ['table'] });
  await engine.append(
    Array.from({ length: entryCount }, (_, index) =>
      storedCommit(index + 1, [{ partition: index % 2, table: 0, key: `k${index}`, value: 'v'.repeat(100) }]),
    ),
  );
  // Folds.
  await engine.backup(join(folder, 'backup'));
  await engine.close();
  const random = new SeededRandom(1);
  const whole = readFileSync(join(path, 'checkpoint.mdb'));
  const outcomes: string[] = [];
  for (let round = 0; round < 6; round++) {
    const copies = [0, 1, 2, 3].map((index) => join(folder, `copy-${round}-${index}`));
    for (const copy of copies) {
      cpSync(path, copy, { recursive: true });
      const bytes = Buffer.from(whole);
      // In what leads to the entries: the head of a page, where its kind and the places of its entries stand.
      const at = random.integer(2, whole.byteLength / pageBytes - 1) * pageBytes + random.integer(0, 80);
      bytes[at] = (bytes[at] as number) ^ 0xff;
      writeFileSync(join(copy, 'checkpoint.mdb'), bytes);
    }
    outcomes.push(...(await Promise.all(copies.map(countIn))));
  }
  expect(outcomes).toHaveLength(24);
  // STORAGE_FAILED: LMDB came upon it when it wrote, to the list of free pages say.
  const allowed = ['STORAGE_DAMAGED', 'STORAGE_FAILED', String(entryCount), 'ended'];
  for (const outcome of outcomes) expect(allowed).toContain(outcome);
  expect(outcomes).toContain('STORAGE_DAMAGED');
});

function countIn(path: string): Promise<string> {
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
  });
  return new Promise((resolve) => {
    child.once('close', (_, signal) => resolve(signal === null ? output : 'ended'));
  });
}
