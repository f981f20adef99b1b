import { expect, test } from 'vitest';
import { failuresOf } from './clean-seeds.ts';

// One file of four: vitest runs files side by side.
test('the protocol is right in seeds 0 to 249', () => {
  expect(failuresOf(0, 250)).toEqual([]);
}, 120_000);
