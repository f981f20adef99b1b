/** Histograms and the counts of transactions: buckets, percentiles, sums over members. */
import { Histogram } from '@troupe/core';
import { mergeMetrics, TransactionMeter } from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

describe('a histogram', () => {
  test('counts in buckets whose bounds double, the bound itself included', () => {
    const histogram = new Histogram(1);
    for (const value of [0, 1, 2, 3, 4, 5, 8, 9, 1024, 1025]) histogram.record(value);
    expect(histogram.summary().buckets).toEqual([
      { upTo: 1, count: 2 },
      { upTo: 2, count: 1 },
      { upTo: 4, count: 2 },
      { upTo: 8, count: 2 },
      { upTo: 16, count: 1 },
      { upTo: 1024, count: 1 },
      { upTo: 2048, count: 1 },
    ]);
  });

  test('counts fractions of its unit and what is huge', () => {
    const histogram = new Histogram(0.001);
    for (const value of [0.0004, 0.0011, 0.004, 3_000_000, 2 ** 60]) histogram.record(value);
    const { buckets, max, count } = histogram.summary();
    expect(buckets.map(({ count: n }) => n)).toEqual([1, 1, 1, 1, 1]);
    expect(buckets.slice(0, 3).map(({ upTo }) => upTo)).toEqual([0.001, 0.002, 0.004]);
    expect(buckets[3]?.upTo).toBeGreaterThanOrEqual(3_000_000);
    expect(buckets[3]?.upTo).toBeLessThan(6_000_000);
    expect([max, count]).toEqual([2 ** 60, 5]);
  });

  test('has percentiles to the bucket, and none above its largest value', () => {
    const histogram = new Histogram(1);
    for (let value = 1; value <= 100; value++) histogram.record(value);
    const { count, mean, max, p50, p90, p99 } = histogram.summary();
    expect({ count, mean, max, p50, p90, p99 }).toEqual({
      count: 100,
      mean: 50.5,
      max: 100,
      p50: 64,
      p90: 100,
      p99: 100,
    });
  });

  test('of nothing is all zero', () => {
    expect(new Histogram(1).summary()).toEqual({
      count: 0,
      mean: 0,
      max: 0,
      p50: 0,
      p90: 0,
      p99: 0,
      buckets: [],
    });
  });

  test('merged is as if one had recorded it all', () => {
    const [all, one, other] = [new Histogram(1), new Histogram(1), new Histogram(1)];
    for (let value = 0; value < 500; value++) {
      all.record(value);
      (value % 3 === 0 ? one : other).record(value);
    }
    const merged = new Histogram(1);
    merged.add(one.cells());
    merged.add(other.cells());
    expect(merged.summary()).toEqual(all.summary());
  });
});

describe('the metrics of several members', () => {
  test('are sums; what has begun and not ended is under way', () => {
    const [service, host] = [new TransactionMeter(), new TransactionMeter()];
    for (let i = 0; i < 5; i++) {
      service.begun();
      service.attempted();
    }
    service.attempted();
    service.retried();
    service.committed(2, performance.now() - 100);
    service.aborted('wounded', 1, performance.now());
    service.aborted('participant-lost', 1, performance.now());
    host.begun();
    host.attempted();
    host.aborted('line-full', 1, performance.now());
    host.snapshotBegun();
    host.waitBegan();
    host.waitBegan();
    host.waitEnded(5);
    host.wounded('aborted');
    host.wounded('given-back');
    const metrics = mergeMetrics([service.raw(), host.raw()]);
    expect(metrics).toMatchObject({
      begun: 6,
      underWay: 2,
      committed: 1,
      aborted: { wounded: 1, timeout: 0, killed: 0, user: 0, partitionLost: 1, queueFull: 1 },
      attempts: 7,
      retries: 1,
      snapshots: 1,
      attemptsPerTransaction: { count: 4, max: 2, mean: 1.25 },
      durationMs: { count: 4 },
      locks: { waits: 2, waitMs: { count: 1, max: 5 }, wounds: 1, givenBack: 1 },
    });
    expect(metrics.durationMs.max).toBeGreaterThanOrEqual(100);
  });

  test('measure each of the first thousand, then one in eight', () => {
    const meter = new TransactionMeter();
    for (let i = 0; i < 1024 + 800; i++) meter.committed(1, 0);
    const { durationMs, committed } = mergeMetrics([meter.raw()]);
    expect([committed, durationMs.count]).toEqual([1824, 1124]);
  });
});
