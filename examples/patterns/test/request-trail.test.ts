import { expect, test } from 'vitest';
import { runScript } from './run-script.ts';

test('request-trail tells what was done for which request', async () => {
  expect(await runScript('request-trail')).toEqual({
    code: 0,
    stderr: '',
    lines: [
      'Request r-1',
      '  took bread, 2 left, for alice',
      '  put bread into the basket of alice, for alice',
      '  took milk, 2 left, for alice',
      '  put milk into the basket of alice, for alice',
      'Request r-2',
      '  took butter, 2 left, for bob',
      '  put butter into the basket of bob, for bob',
    ],
  });
});
