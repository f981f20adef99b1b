import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the README lists every script once', () => {
  const scripts = readdirSync(new URL('../src', import.meta.url)).filter((name) => name.endsWith('.ts'));
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const listed = [...readme.matchAll(/\]\(src\/([a-z-]+\.ts)\)/g)].map(([, name = '']) => name);
  expect(listed.toSorted()).toEqual(scripts.toSorted());
});
