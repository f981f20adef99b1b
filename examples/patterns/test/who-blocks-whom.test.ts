import { expect, test } from 'vitest';
import { runScript } from './run-script.ts';

test('who-blocks-whom names both sides, and ends the one in the way', async () => {
  const { code, stderr, lines } = await runScript('who-blocks-whom');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines.slice(0, 2)).toEqual([
    'stock-taking: running, holds 1 keys',
    'sale: waiting for stock-taking, holds 0 keys',
  ]);
  expect(lines).toContain("lock on stock 'Older First': held by stock-taking, S");
  expect(lines).toContain("lock on stock 'Older First': waiting by sale, X");
  expect(lines.slice(-2)).toEqual([
    'stock-taking is ended; the sale leaves 4 copies',
    'stock-taking learns of it at its commit: TRANSACTION_FINISHED',
  ]);
});
