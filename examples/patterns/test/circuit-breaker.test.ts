import { expect, test } from 'vitest';
import { runScript } from './run-script.ts';

test('circuit-breaker opens after three failures in a row, and closes when the provider is back', async () => {
  const { code, stderr, lines } = await runScript('circuit-breaker');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines).toEqual([
    'breaker: Open',
    '7 of 9 payments reached the grid',
    'breaker: HalfOpen',
    'breaker: Closed',
    'charged 99 cents',
  ]);
});
