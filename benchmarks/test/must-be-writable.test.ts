import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustBeWritable } from '../dist/must-be-writable.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-writable-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file for results', () => {
  it('may be there or not yet', async () => {
    const path = join(folder, 'mine.json');
    await mustBeWritable(path, '--json');
    writeFileSync(path, '');
    await mustBeWritable(path, '--json');
  });

  it('is refused where it is a folder', async () => {
    await expect(mustBeWritable(folder, '--json')).rejects.toThrow(
      `--json can't write "${folder}": it is a folder`,
    );
  });

  it('is refused where its folder is missing', async () => {
    const path = join(folder, 'missing', 'mine.json');
    await expect(mustBeWritable(path, '--explain')).rejects.toThrow(
      `--explain can't write "${path}": its folder isn't there`,
    );
  });
});
