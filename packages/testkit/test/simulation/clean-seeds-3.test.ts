import { expect, test } from 'vitest';
import { failuresOf } from './clean-seeds.ts';

// One file of four: vitest runs files side by side.
test('the protocol is right in seeds 500 to 749', () => {
  expect(failuresOf(500, 250)).toEqual([]);
}, 120_000);
