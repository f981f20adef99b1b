import { expect, test } from 'vitest';
import { runScript } from './run-script.ts';

test('time-travel reads the prices of then, and refuses a time that is not kept', async () => {
  const { code, stderr, lines } = await runScript('time-travel');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines).toEqual([
    'At the end of the month: Barrels 129, Cards 79, Looms 99',
    'Now: Cards 79, Give Way 99, Looms 149',
    'Before all times: SNAPSHOT_TOO_OLD',
  ]);
});
