import { describe, expect, test } from 'vitest';
import { fullParams } from '../dist/params.js';
import { renderScenario, renderSmoke } from '../dist/report.js';
import { resultsOf } from '../dist/results.js';
import { runRounds } from '../dist/rounds.js';
import type { Params, Sample, Scenario, Subject } from '../dist/scenario.js';
import { withoutTargets } from '../dist/scenario.js';

const params: Params = { ...fullParams, seconds: 1, keyCount: 10 };

function subject(name: string, rest: Partial<Subject> = {}): Subject {
  return { name, measure: () => Promise.reject(new Error('never measured here')), ...rest };
}

const raw = subject('raw');
const fast = subject('fast', { target: { atLeast: 3 }, library: 'troupe' });
const slow = subject('slow', { target: { atLeast: 1 } });
const scenario: Scenario = {
  name: 'group/one',
  title: 'a title',
  about: 'what it is',
  unit: 'operations/s',
  params: ['seconds', 'keyCount'],
  reference: 'raw',
  subjects: [raw, fast, slow],
};

const speeds = new Map([
  [raw, [100, 10, 50]],
  [fast, [400, 20, 150]],
  [slow, [50, 5, 25]],
]);

function measured(of: Subject, round: number): { kind: 'measured'; sample: Sample } {
  return { kind: 'measured', sample: { value: speeds.get(of)?.[round] ?? Number.NaN } };
}

async function resultOf(failing?: { subject: Subject; round: number }) {
  const rounds = await runRounds(scenario, 3, (of, round) =>
    Promise.resolve(
      of === failing?.subject && round === failing.round
        ? { kind: 'failed' as const, reason: 'it broke' }
        : measured(of, round),
    ),
  );
  return { rounds, result: resultsOf(scenario, params, rounds, ({ library = 'node' }) => `${library} 1`) };
}

describe('rounds', () => {
  test('measure every subject once each, beginning with another one each time', async () => {
    const order: string[] = [];
    await runRounds(scenario, 4, (of, round) => {
      order.push(`${round}${of.name}`);
      return Promise.resolve(measured(of, round));
    });
    expect(order.join(' ')).toBe('0raw 0fast 0slow 1fast 1slow 1raw 2slow 2raw 2fast 3raw 3fast 3slow');
  });

  test('go on when a subject fails, and say which', async () => {
    const { rounds } = await resultOf({ subject: fast, round: 1 });
    expect(rounds.samples.get(fast)).toEqual([{ value: 400 }, undefined, { value: 150 }]);
    expect(rounds.failures).toEqual(['group/one, fast, round 2: it broke']);
  });
});

describe('the results', () => {
  test('hold the spread of every subject and its ratio round by round', async () => {
    const { result } = await resultOf();
    expect(result).toEqual({
      name: 'group/one',
      title: 'a title',
      about: 'what it is',
      unit: 'operations/s',
      params: { seconds: 1, keyCount: 10 },
      results: [
        { subject: 'raw', version: 'node 1', rounds: 3, median: 50, min: 10, max: 100 },
        { subject: 'fast', version: 'troupe 1', rounds: 3, median: 150, min: 20, max: 400, isOurs: true },
        { subject: 'slow', version: 'node 1', rounds: 3, median: 25, min: 5, max: 50 },
      ],
      ratios: [
        { subject: 'fast', versus: 'raw', ratio: 3, min: 2, max: 4, target: { atLeast: 3 }, met: true },
        {
          subject: 'slow',
          versus: 'raw',
          ratio: 0.5,
          min: 0.5,
          max: 0.5,
          target: { atLeast: 1 },
          met: false,
        },
      ],
      skipped: [],
    });
  });

  test('leave a round in which the reference failed out of the ratios only', async () => {
    const { result } = await resultOf({ subject: raw, round: 1 });
    expect(result.ratios[0]).toMatchObject({ ratio: 3.5, min: 3, max: 4 });
    expect(result.results[1]).toMatchObject({ rounds: 3, min: 20 });
  });

  test('compare a subject with others than the reference, and judge its own figure', async () => {
    const several: Scenario = {
      ...scenario,
      subjects: [
        raw,
        {
          ...slow,
          valueTarget: { atLeast: 30 },
          comparisons: [{ versus: 'fast', target: { atLeast: 0.2 } }, { versus: 'nobody' }],
        },
        fast,
      ],
    };
    const rounds = await runRounds(several, 3, (of) =>
      Promise.resolve(measured(scenario.subjects.find(({ name }) => name === of.name) ?? of, 0)),
    );
    const { ratios, results } = resultsOf(several, params, rounds, () => '1');
    expect(ratios.filter((ratio) => ratio.subject === 'slow')).toEqual([
      expect.objectContaining({ versus: 'raw', ratio: 0.5, met: false }),
      expect.objectContaining({ versus: 'fast', ratio: 0.125, met: false }),
    ]);
    expect(results[1]).toMatchObject({ median: 50, target: { atLeast: 30 }, met: true });
  });

  test('leave out what was skipped, and say why', async () => {
    const skipped = [{ subject: 'fast', reason: 'it is not installed' }];
    const rounds = await runRounds(scenario, 2, (of, round) => Promise.resolve(measured(of, round)), skipped);
    const result = resultsOf(scenario, params, rounds, () => '1');
    expect(result.results.map((each) => each.subject)).toEqual(['raw', 'slow']);
    expect(result.ratios.map((each) => each.subject)).toEqual(['slow']);
    expect(renderScenario(result)).toContain('skipped: fast: it is not installed');
  });

  test('hold medians of latencies and of further figures', () => {
    const samples: Sample[] = [1, 2, 9].map((value) => ({
      value,
      latencyUs: { p50: value, p99: value * 10 },
      extra: { 'heap, MB': value * 100 },
    }));
    const rounds = { samples: new Map([[raw, samples]]), failures: [], skipped: [] };
    expect(resultsOf(scenario, params, rounds, () => '1').results[0]).toMatchObject({
      p50Us: 2,
      p99Us: 20,
      extra: { 'heap, MB': 200 },
    });
  });

  test('judge nothing without targets', async () => {
    const bare = withoutTargets(scenario);
    const rounds = await runRounds(bare, 1, () =>
      Promise.resolve({ kind: 'measured', sample: { value: 1 } }),
    );
    const { ratios } = resultsOf(bare, params, rounds, () => '1');
    expect(ratios.map(({ target, met }) => ({ target, met }))).toEqual([{}, {}]);
  });
});

describe('the report', () => {
  test('puts the ratio first and the target beside it', async () => {
    const { result } = await resultOf();
    expect(renderScenario(result)).toBe(
      [
        'group/one: a title (operations/s; seconds 1, keyCount 10)',
        '  ratio  [min – max]    target        subject          median  [min – max]',
        '                                      raw (node 1)     50      [10 – 100]',
        '  3.00×  [2.00 – 4.00]  ≥ 3× met      fast (troupe 1)  150     [20 – 400]',
        '  0.50×  [0.50 – 0.50]  ≥ 1× NOT MET  slow (node 1)    25      [5 – 50]',
        '',
      ].join('\n'),
    );
  });

  test('judges the figure itself where nothing is compared', async () => {
    const shares: Scenario = {
      name: 'shares',
      title: 'a title',
      about: 'what it is',
      unit: 'of the mean',
      params: [],
      subjects: [
        subject('fair', { target: { atLeast: 0.3 } }),
        subject('unfair', { target: { atLeast: 0.3 } }),
      ],
    };
    const rounds = await runRounds(shares, 1, ({ name }) =>
      Promise.resolve({ kind: 'measured', sample: { value: name === 'fair' ? 0.9 : 0.1 } }),
    );
    const lines = renderScenario(resultsOf(shares, params, rounds, () => '1')).split('\n');
    expect(lines[2]).toMatch(/^ *≥ 0\.3 met +fair \(1\) +0\.9/);
    expect(lines[3]).toMatch(/^ *≥ 0\.3 NOT MET +unfair \(1\) +0\.1/);
  });

  test('says that a subject failed in every round', () => {
    const rounds = { samples: new Map([[fast, [undefined]]]), failures: ['…'], skipped: [] };
    const result = resultsOf(scenario, params, rounds, () => '1');
    expect(renderScenario(result)).toContain('failed');
    expect(renderSmoke(result)).toBe('group/one: 0 ok; failed: fast');
  });
});
