/**
 * A grid on a disk that fails: calls of the system that return an error under load, and a file system that is full.
 * `npm run torture:disk` lets each of the first 200 calls of each kind fail; here it is a few of them
 * (`TROUPE_FAULT_CALLS`: so many of each kind). Both need what not every machine permits, and say what is missing.
 */
import { describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';

const sample = Number(process.env['TROUPE_FAULT_CALLS'] ?? 5);
const timeoutMs = 120_000 + sample * 20_000;

interface FaultReport {
  /** Why nothing was done. */
  readonly skipped?: string;
  /** How often a call was made to fail, by its name and error. */
  readonly hit: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly problems: readonly string[];
}

describe('a disk that fails', () => {
  test('acknowledges nothing falsely, whichever call fails', { timeout: timeoutMs }, async (context) => {
    const report = JSON.parse(
      await runProgram('faulty-disk/main.mjs', { args: ['--sample', sample], timeoutMs }),
    ) as FaultReport;
    context.skip(report.skipped !== undefined, report.skipped);
    expect(report.problems).toEqual([]);
    expect(report.hit).toMatchObject({
      'fdatasync EIO': sample,
      'pwrite64 EIO': sample,
      'pwrite64 ENOSPC': sample,
    });
    expect(report.acknowledged).toBeGreaterThan(0);
  });

  test('nor on a thread of its own, where lone commits are flushed in place', {
    timeout: timeoutMs,
  }, async (context) => {
    const args = ['--threads', 1, '--calls', 25, '--sample', Math.ceil(sample / 2), '--only', 'fdatasync'];
    const report = JSON.parse(await runProgram('faulty-disk/main.mjs', { args, timeoutMs })) as FaultReport;
    context.skip(report.skipped !== undefined, report.skipped);
    expect(report.problems).toEqual([]);
  });
});

describe('a disk with less room than `freeBytesMin`, or none', () => {
  test.for([0, 2])(
    'refuses writes until there is room, and nothing else (%i threads)',
    async (threads, context) => {
      const args = ['--threads', threads];
      const report = JSON.parse(
        await runProgram('full-disk/main.mjs', { args, timeoutMs: 60_000 }),
      ) as object;
      if ('skipped' in report) context.skip(String(report.skipped));
      const full = ['STORAGE_FULL', 'not-done'];
      const expected = {
        failures: 0,
        refused: full,
        transaction: full,
        procedure: full,
        turn: full,
        read: [1, null],
        readOnly: 1,
        state: 1,
        aborted: ['MINE', null],
        stored: [1, null, 1, 3],
      };
      expect(report).toEqual({ watermark: expected, full: expected });
    },
  );
});
