import { describe, expect, test } from 'vitest';
import { fullParams, smokeParams } from '../dist/params.js';
import { indexOf } from '../dist/subjects/entries.js';

describe('the order of keys', () => {
  test.each([fullParams.keyCount, smokeParams.keyCount])('asks for all of %d equally often', (keyCount) => {
    const asked = new Set(Array.from({ length: keyCount }, (_, n) => indexOf(n, keyCount)));
    expect(asked.size).toBe(keyCount);
    expect(indexOf(keyCount, keyCount)).toBe(indexOf(0, keyCount));
  });
});
