import { expect, test } from 'vitest';
import { runScript } from './run-script.ts';

test('price-watch shows every change in order, and what each wish list has found', async () => {
  expect(await runScript('price-watch')).toEqual({
    code: 0,
    stderr: '',
    lines: [
      'The ticker has shown #1 at 99, #2 at 129, #1 at 79',
      'alice may have track 1 for 99 cents',
      'alice may have track 1 for 79 cents',
      'bob may have track 1 for 79 cents',
    ],
  });
});
