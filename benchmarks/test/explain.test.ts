import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResults } from '../dist/page/run-results.js';
import { explained, type RunProfiled } from '../dist/profile/explain.js';
import type { Scenario } from '../dist/scenario.js';

function result(subject: string, isOurs: boolean) {
  return { subject, version: '1', rounds: 1, median: 1, min: 1, max: 1, ...(isOurs ? { isOurs } : {}) };
}

function ratio(subject: string, met: boolean) {
  return { subject, versus: 'raw', ratio: 1, min: 1, max: 1, target: { atLeast: 2 }, met };
}

const subjects = ['raw', 'fast', 'slow', 'alone'];
const run: RunResults = {
  machine: { platform: 'linux x64', cpu: 'one', cores: 2, memoryGb: 8, loadAtStart: 0 },
  node: '20.0.0',
  commit: 'abc',
  rounds: 1,
  failures: [],
  scenarios: [
    {
      name: 'a/b',
      title: '',
      about: '',
      unit: 'operations/s',
      params: {},
      results: [
        result('raw', false),
        result('fast', true),
        result('slow', true),
        { ...result('alone', true), target: { atLeast: 2 }, met: false },
      ],
      ratios: [ratio('fast', true), ratio('slow', false), ratio('raw', false)],
      skipped: [],
    },
  ],
};
const scenario: Scenario = {
  name: 'a/b',
  title: '',
  about: '',
  unit: 'operations/s',
  params: [],
  subjects: subjects.map((name) => ({ name, measure: () => Promise.resolve({ value: 0 }) })),
};

/** Two threads, the service's and one more. */
function writeProfiles(folder: string): void {
  const frame = { functionName: 'send', url: 'file:///a/core/dist/link.js', lineNumber: 0 };
  const profile = { nodes: [{ id: 1, callFrame: frame }], samples: [1], timeDeltas: [2_000] };
  mkdirSync(folder, { recursive: true });
  for (const name of ['CPU.20260101.101010.77.1.001', 'CPU.20260101.101010.77.0.002']) {
    writeFileSync(join(folder, `${name}.cpuprofile`), JSON.stringify(profile));
  }
}

describe('explaining results', () => {
  test('profiles what is ours and missed a goal, and nothing else', async () => {
    const asked: string[] = [];
    const runProfiled: RunProfiled = (_, { name }, folder) => {
      asked.push(name);
      writeProfiles(folder);
      return Promise.resolve({ kind: 'measured', sample: { value: 1 } });
    };
    const { run: after, failures } = await explained(run, [scenario], runProfiled);
    expect(asked).toEqual(['slow', 'alone']);
    expect(failures).toEqual([]);
    const results = after.scenarios[0]?.results ?? [];
    expect(results.map(({ threads }) => threads?.map(({ thread }) => thread))).toEqual([
      undefined,
      undefined,
      [0, 1],
      [0, 1],
    ]);
    expect(results[2]?.threads?.[0]).toEqual({
      thread: 0,
      busyMs: 2,
      idleMs: 0,
      top: [{ what: 'send core/dist/link.js:1', share: 1 }],
    });
  });

  test('says what failed, and keeps the results', async () => {
    const failing: RunProfiled = () => Promise.resolve({ kind: 'failed', reason: 'no server' });
    const { run: after, failures } = await explained(run, [scenario], failing);
    expect(failures).toEqual(['a/b, slow: no server', 'a/b, alone: no server']);
    expect(after).toEqual(run);
  });

  test('leaves alone what was not asked for', async () => {
    const never: RunProfiled = () => Promise.reject(new Error('it was run'));
    await expect(explained(run, [], never)).resolves.toEqual({ run, failures: [] });
  });
});
