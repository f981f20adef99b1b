import { describe, expect, test } from 'vitest';
import { Latencies } from '../dist/measuring/latencies.js';

describe('latencies', () => {
  test('are summed up by the time that half, and that 99 of 100, did not exceed', () => {
    const latencies = new Latencies();
    for (let us = 10_000; us >= 1; us--) latencies.add(us);
    expect(latencies.summary()).toEqual({ p50: 5_000, p99: 9_900 });
  });

  test('of a single call are its own', () => {
    const latencies = new Latencies();
    latencies.add(7);
    expect(latencies.summary()).toEqual({ p50: 7, p99: 7 });
  });

  test('forget the warm-up', () => {
    const latencies = new Latencies();
    latencies.add(1_000);
    latencies.clear();
    expect(latencies.summary()).toBeUndefined();
  });
});
