import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readChinook } from '../dist/catalogue/chinook.js';
import { ordersOf } from '../dist/phases/purchases.js';
import { smallChinook } from './small-chinook.ts';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const chinookPath = fileURLToPath(new URL('../../../../shared/data/chinook.json', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'music-store-'));
});

afterAll(() => rm(folder, { recursive: true }));

function start(args: readonly string[]) {
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(...args: string[]) {
  const child = start(args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code: code as unknown, stdout, stderr };
}

async function written(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('the command', () => {
  test('explains itself', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: /);
  });

  test('runs a file with every payment, reports on standard output and writes JSON', async () => {
    const data = await written('small.json', JSON.stringify(smallChinook()));
    const json = join(folder, 'result.json');
    const { code, stdout, stderr } = await run('--data', data, '--threads', '1', '--json', json);
    expect(stderr).toContain('purchases: 2 transactions\n');
    expect(stdout).toContain('Audit: everything adds up.');
    expect(code).toBe(0);
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({
      totals: { invoices: 2, revenueCents: 496, failedPayments: 0 },
      topCustomers: [{ id: 2, name: 'Leonie Köhler', cents: 298 }, { id: 1 }],
      audit: { ok: true, violations: [] },
    });
  });

  test.skipIf(!existsSync(chinookPath))('gives the known totals of the real Chinook', async () => {
    const json = join(folder, 'chinook-result.json');
    const { code } = await run('--data', chinookPath, '--threads', '2', '--json', json);
    expect(code).toBe(0);
    const result = JSON.parse(await readFile(json, 'utf8'));
    expect(result.totals).toEqual({ invoices: 412, revenueCents: 232_860, failedPayments: 0 });
    expect(result.topGenres.slice(0, 5)).toEqual([
      { name: 'Rock', cents: 82_665 },
      { name: 'Latin', cents: 38_214 },
      { name: 'Metal', cents: 26_136 },
      { name: 'Alternative & Punk', cents: 24_156 },
      { name: 'TV Shows', cents: 9_353 },
    ]);
    expect(result.topArtists.slice(0, 3)).toEqual([
      { name: 'Iron Maiden', cents: 13_860 },
      { name: 'U2', cents: 10_593 },
      { name: 'Metallica', cents: 9_009 },
    ]);
    expect(result.topCustomers.slice(0, 3)).toEqual([
      { id: 6, name: 'Helena Holý', cents: 4_962 },
      { id: 26, name: 'Richard Cunningham', cents: 4_762 },
      { id: 57, name: 'Luis Rojas', cents: 4_662 },
    ]);
    expect(result.audit).toEqual({ ok: true, violations: [] });
  });

  test.skipIf(!existsSync(chinookPath))('sums up the successful payments alone', async () => {
    const json = join(folder, 'failing-result.json');
    const args = ['--failures', '0.3', '--seed', '5', '--threads', '2', '--json', json];
    const { code } = await run('--data', chinookPath, ...args);
    expect(code).toBe(0);
    const catalogue = await readChinook(chinookPath);
    const prices = new Map(catalogue.tracks.map(({ trackId, priceCents }) => [trackId, priceCents]));
    const paid = ordersOf(catalogue, { failures: 0.3, seed: 5 }).filter(
      ({ payment }) => payment === 'accepted',
    );
    const items = paid.flatMap((order) => order.items);
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({
      totals: {
        invoices: paid.length,
        revenueCents: items.reduce(
          (sum, { trackId, quantity }) => sum + (prices.get(trackId) ?? 0) * quantity,
          0,
        ),
        failedPayments: 412 - paid.length,
      },
      audit: { ok: true, violations: [] },
    });
  });

  test('answers bad input with one line and code 2', async () => {
    const noJson = await written('text.json', 'hello');
    const otherShape = await written('other.json', '{"Genre": [], "Artist": []}');
    const answers = [
      [['--data', join(folder, 'none.json')], 'none.json: no such file\n'],
      [['--data', noJson], 'text.json: not JSON\n'],
      [['--data', otherShape], 'other.json: no array "Album"\n'],
      [['--scale', '-1'], '--scale must be a number above 0 and at most 100, got "-1"\n'],
      [['--nonsense'], "Unknown option '--nonsense' (--help shows what there is)\n"],
      [['--json', join(folder, 'none', 'x.json')], 'no such folder\n'],
    ] as const;
    for (const [args, message] of answers) {
      const { code, stdout, stderr } = await run(...args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr.endsWith(message), stderr).toBe(true);
      expect(stderr.split('\n')).toHaveLength(2);
    }
  });

  test('serves until it is told to stop, and then ends in order', async () => {
    const data = await written('served.json', JSON.stringify(smallChinook()));
    const child = start(['--data', data, '--threads', '1', '--serve', '--port', '0']);
    const ended = once(child, 'exit');
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    const address = /http:\S+/.exec(String(line))?.[0] ?? '';
    const health = await fetch(`${address}/health`);
    expect(await health.json()).toEqual({ status: 'ok', customers: 2 });
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
