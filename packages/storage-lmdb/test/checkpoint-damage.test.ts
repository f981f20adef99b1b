// LMDB's pages have no checksums: a damaged one must never pass for one with fewer entries.
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SeededRandom, storedCommit } from '@troupe/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { openAt, temporaryFolder } from './temporary-storage.ts';

const program = fileURLToPath(new URL('./fixtures/count-entries.mjs', import.meta.url));
const entryCount = 600;
const pageBytes = 4_096;

/** STORAGE_FAILED: LMDB came upon it when it wrote, to the list of free pages say. */
const allowed = ['STORAGE_DAMAGED', 'STORAGE_FAILED', String(entryCount), 'ended'];

describe('a checkpoint with a flipped byte shows every entry, is refused, or ends the process', () => {
  let folder: string;
  let path: string;
  let whole: Buffer;

  beforeEach(async () => {
    folder = temporaryFolder();
    path = join(folder, 'grid');
    const engine = await openAt(path, { partitionCount: 2, tables: ['table'] });
    await engine.append(
      Array.from({ length: entryCount }, (_, index) =>
        storedCommit(index + 1, [
          { partition: index % 2, table: 0, key: `k${index}`, value: 'v'.repeat(100) },
        ]),
      ),
    );
    // Folds.
    await engine.backup(join(folder, 'backup'));
    await engine.close();
    whole = readFileSync(join(path, 'checkpoint.mdb'));
  });

  async function outcomesOf(places: readonly number[]): Promise<readonly string[]> {
    const outcomes: string[] = [];
    for (let from = 0; from < places.length; from += 4) {
      outcomes.push(...(await Promise.all(places.slice(from, from + 4).map(outcomeOf))));
    }
    for (const outcome of outcomes) expect(allowed).toContain(outcome);
    return outcomes;
  }

  function outcomeOf(at: number): Promise<string> {
    const copy = join(folder, `copy-${at}`);
    cpSync(path, copy, { recursive: true });
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ 0xff;
    writeFileSync(join(copy, 'checkpoint.mdb'), bytes);
    return countIn(copy);
  }

  it('in the head of a page, where its kind and the places of its entries stand', async () => {
    const random = new SeededRandom(1);
    const places = Array.from({ length: 24 }, () => {
      const page = random.integer(2, whole.byteLength / pageBytes - 1);
      return page * pageBytes + random.integer(0, 80);
    });
    expect(await outcomesOf(places)).toContain('STORAGE_DAMAGED');
  });

  it('in the name that leads to the entries', async () => {
    const places: number[] = [];
    // Old pages hold it too.
    for (let at = whole.indexOf('data'); at !== -1; at = whole.indexOf('data', at + 1)) {
      places.push(at, at + 1, at + 2, at + 3);
    }
    expect(await outcomesOf(places)).toContain('STORAGE_DAMAGED');
  });
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
