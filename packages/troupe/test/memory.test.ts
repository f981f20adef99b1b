/** Bounds on memory: loading, iterating, and senders faster than anybody can handle. */
import { describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';

const timeoutMs = 120_000;
const nodeArgs = ['--expose-gc'];

interface Loaded {
  readonly size: number;
  readonly seen: number;
  readonly last: unknown;
  readonly chunksMb: number;
  readonly streamMb: number;
  readonly iterationMb: number;
}

interface Flood {
  readonly accepted: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly growthMb: number;
}

interface Floods {
  readonly sets: Flood;
  readonly asks: Flood;
  readonly tells: Flood;
  readonly missing: number;
  readonly size: number;
  readonly askedCount: number;
  readonly toldCount: number;
  readonly after: null;
}

test('a million entries are loaded and read in constant memory of the caller', {
  timeout: timeoutMs,
}, async () => {
  const count = 1_000_000;
  const loaded = JSON.parse(
    await runProgram('load-memory.mjs', { args: [count], nodeArgs, timeoutMs }),
  ) as Loaded;
  console.log(
    `heap of the caller grew by ${loaded.chunksMb.toFixed(1)} MB in chunks, ${loaded.streamMb.toFixed(1)} MB as a stream, ${loaded.iterationMb.toFixed(1)} MB while iterating`,
  );
  expect(loaded).toMatchObject({ size: count, seen: count, last: { id: 1 - count, tags: ['a', 'b'] } });
  expect(loaded.chunksMb).toBeLessThan(150);
  expect(loaded.streamMb).toBeLessThan(150);
  expect(loaded.iterationMb).toBeLessThan(50);
});

describe.each([0, 2])('a sender that never waits, with %i threads,', (threads) => {
  test('is served or refused with a code, and everything that was accepted is there', {
    timeout: timeoutMs,
  }, async () => {
    const count = 100_000;
    const printed = await runProgram('fast-sender.mjs', { args: [count, threads], nodeArgs, timeoutMs });
    const { sets, asks, tells, ...rest } = JSON.parse(printed) as Floods;
    expect(rest).toMatchObject({ missing: 0, size: sets.accepted, askedCount: asks.accepted, after: null });
    // A tell is accepted when it is on its way; a full mailbox may still drop it, but nothing is told twice.
    expect(rest.toldCount).toBeLessThanOrEqual(tells.accepted);
    expect(rest.toldCount).toBeGreaterThan(0);
    for (const flood of [sets, asks, tells]) {
      const refused = (flood.codes['LINK_OVERLOADED'] ?? 0) + (flood.codes['MAILBOX_FULL'] ?? 0);
      expect(flood.accepted + refused).toBe(count);
      // What is kept, inline also the entries themselves, not what passed through.
      expect(flood.growthMb).toBeLessThan(200);
    }
  });
});

describe.each([
  ['inline', 0],
  ['on another thread', 1],
])('a sender that is faster than an actor with `overflow: wait`, %s,', (_, threads) => {
  test('loses nothing that was accepted, and lets nothing pile up', async () => {
    const tells = 30_000;
    const printed = await runProgram('fast-teller.mjs', {
      args: [threads, tells],
      nodeArgs: ['--expose-gc'],
      timeoutMs: 30_000,
    });
    const told = JSON.parse(printed) as {
      begun: number;
      accepted: number;
      ground: number;
      heaps: [sender: number, owner: number][];
    };
    expect(told).toMatchObject({ begun: tells, accepted: tells, ground: tells });
    const last = told.heaps.at(-1) ?? [Infinity, Infinity];
    const first = told.heaps[1] ?? [0, 0];
    // All of it together is 30 MB.
    expect([last[0] - first[0], last[1] - first[1]].every((growthMb) => growthMb < 5)).toBe(true);
  }, 40_000);
});
