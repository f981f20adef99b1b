import { expect, test } from 'vitest';
import { failuresOf } from './clean-seeds.ts';

// One file of four: vitest runs files side by side.
test('the protocol is right in seeds 250 to 499', () => {
  expect(failuresOf(250, 250)).toEqual([]);
}, 120_000);
