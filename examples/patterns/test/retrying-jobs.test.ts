import { expect, test } from 'vitest';
import { runScript } from './run-script.ts';

test('retrying-jobs tries as often as it was told, for errors that may pass', async () => {
  const { code, stderr, lines } = await runScript('retrying-jobs');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines).toEqual([
    'Up to four retries',
    '  busy at attempt 1',
    '  busy at attempt 2',
    '  "La la Give Way" at attempt 3',
    'One retry is not enough',
    '  busy at attempt 1',
    'An error that will not pass',
    '  artist 1 has no track 99',
  ]);
});
