import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runScenario } from './lock-scenario.ts';

// UPDATE_SCENARIOS=1 writes what really happens into the files; review the difference before you keep it.
const folder = new URL('../testdata/locks/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

describe('lock scenarios', () => {
  test.each(names)('%s', (name) => {
    const file = new URL(name, folder);
    const written = readFileSync(file, 'utf8');
    const happened = runScenario(written);
    if (process.env['UPDATE_SCENARIOS'] === '1') writeFileSync(file, happened);
    else expect(happened).toBe(written);
  });

  test('every scenario says in its first line what it shows', () => {
    for (const name of names) expect(readFileSync(new URL(name, folder), 'utf8')).toMatch(/^# \S/);
    expect(names.length).toBeGreaterThan(0);
  });
});
