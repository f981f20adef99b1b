// Processes that are killed at a random moment while they append. TROUPE_ENGINE_KILLS asks for more than a few.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readPicture, SeededRandom } from '@troupe/testkit';
import { expect, it } from 'vitest';
import { openAt, temporaryFolder } from './temporary-storage.ts';

const kills = Number(process.env['TROUPE_ENGINE_KILLS'] ?? 50);
const program = fileURLToPath(new URL('./fixtures/append-for-ever.mjs', import.meta.url));

it(`${kills} processes killed while they append lose nothing they had acknowledged, and leave nothing half`, async () => {
  const path = temporaryFolder();
  const random = new SeededRandom(Date.now());
  let last = 0;
  for (let life = 0; life < kills; life++) {
    const acknowledged = await runAndKill(path, random.integer(0, 60));
    const engine = await openAt(path, { partitionCount: 2, tables: ['table'] });
    const found = engine.lastTimestamp;
    const pictures = [readPicture(engine, 0), readPicture(engine, 1)];
    await engine.close();
    expect(found).toBeGreaterThanOrEqual(Math.max(last, acknowledged));
    expect(pictures[0]).toEqual(pictures[1]);
    // Of each key the newest of all commits there are.
    for (let number = Math.max(1, found - 499); number <= found; number++) {
      expect(pictures[0]?.[`0/k${number % 500}`]).toBe(`${number} ${'v'.repeat(200)}@${number}`);
    }
    last = found;
  }
  expect(last).toBeGreaterThan(kills);
}, 600_000);

/** `delayMs`: after it has opened the storage. Returns the last number that was acknowledged. */
function runAndKill(path: string, delayMs: number): Promise<number> {
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let isDoomed = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (isDoomed) return;
    isDoomed = true;
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`it ended by itself with ${code}: ${output.slice(-500)}`));
      // A last line that was cut is a number too, of a digit less; whole ones end with their line.
      const numbers = output.slice(0, output.lastIndexOf('\n')).split('\n').slice(1).map(Number);
      resolve(Math.max(0, ...numbers));
    });
  });
}
