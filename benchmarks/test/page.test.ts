import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { goalRows, missedBy } from '../dist/page/goals.js';
import { pageOf } from '../dist/page/page.js';
import { readmeTable, withTable } from '../dist/page/readme-table.js';
import { parsedRun, type RunResults, readRuns, roundsText } from '../dist/page/run-results.js';
import type { ScenarioResult, SubjectResult } from '../dist/results.js';
import { scenarios } from '../dist/scenarios.js';

function runOn(node: string, ratio: number): RunResults {
  return {
    machine: { platform: 'linux x64', cpu: 'a <fast> one', cores: 2, memoryGb: 8, loadAtStart: 0 },
    node,
    commit: 'abc',
    rounds: 3,
    failures: [],
    scenarios: [
      {
        name: 'transport/one',
        title: 'reads & writes',
        about: 'what it does',
        unit: 'operations/s',
        params: { inFlight: 1_000 },
        results: [
          { subject: 'raw', version: '1', rounds: 3, median: 100, min: 90, max: 110 },
          {
            subject: 'troupe get',
            version: '1',
            rounds: 3,
            median: 100 * ratio,
            min: 1,
            max: 900,
            isOurs: true,
            extra: { 'CPU, µs': 3 },
          },
        ],
        ratios: [
          {
            subject: 'troupe get',
            versus: 'raw',
            ratio,
            min: 1,
            max: 9,
            target: { atLeast: 5 },
            met: ratio >= 5,
          },
        ],
        skipped: [{ subject: 'Redis', reason: 'not installed' }],
      },
      {
        name: 'growth/hosts',
        title: 'by hosts',
        about: 'a curve',
        unit: 'operations/s',
        xLabel: 'hosts',
        params: {},
        results: [1, 2].map((x) => ({
          subject: `get, ${x}`,
          version: '1',
          rounds: 3,
          median: x * 10,
          min: x,
          max: x * 20,
          point: { series: 'get', x },
        })),
        ratios: [],
        skipped: [],
      },
      {
        name: 'start-up/size',
        title: 'size',
        about: 'bars',
        unit: 'MB',
        params: {},
        results: [
          {
            subject: 'troupe',
            version: '1',
            rounds: 1,
            median: 2,
            min: 2,
            max: 2,
            target: { atMost: 1 },
            met: false,
          },
        ],
        ratios: [],
        skipped: [],
      },
    ],
  };
}

function withThreads(run: RunResults, threads: SubjectResult['threads']): RunResults {
  const scenarios = run.scenarios.map((scenario) => ({
    ...scenario,
    results: scenario.results.map((result) => (threads === undefined ? result : { ...result, threads })),
  }));
  return { ...run, scenarios };
}

const runs = [runOn('20.20.0', 6), runOn('24.1.0', 4)];

describe('goals', () => {
  test('have an outcome for each run', () => {
    expect(
      goalRows(runs).map(({ subject, versus, outcomes }) => [
        subject,
        versus,
        outcomes.map((outcome) => outcome?.met),
      ]),
    ).toEqual([
      ['troupe get', 'raw', [true, false]],
      ['troupe', undefined, [false, false]],
    ]);
  });

  test('say by how much they were missed', () => {
    expect(missedBy({ atLeast: 5 }, 4)).toBe('20 % below');
    expect(missedBy({ atMost: 1.2 }, 1.5)).toBe('25 % above');
  });

  test('of a run that lacks the scenario are not measured', () => {
    const [first, second] = runs as [RunResults, RunResults];
    const rows = goalRows([first, { ...second, scenarios: [] }]);
    expect(rows[0]?.outcomes[1]).toBeUndefined();
  });
});

describe('the page', () => {
  const page = pageOf(runs);

  test('holds a chart for every scenario and run, and needs nothing else', () => {
    expect(page.match(/<svg/g)).toHaveLength(6);
    expect(page).not.toMatch(/<script|<link|src="|url\(http/);
    expect(page).toContain('prefers-color-scheme: dark');
  });

  test('states what was met, what was skipped and where it was measured', () => {
    expect(page).toContain('Goals: 1 of 4 met');
    expect(page).toContain('4 [1 – 9], NOT MET: 20 % below');
    expect(page).toContain('Redis: not installed');
    expect(page).toContain('Node 24.1.0');
  });

  test('says where the time went in what missed its goal', () => {
    const threads = [
      { thread: 0, busyMs: 900, idleMs: 100, top: [{ what: 'pack <all> pack.js:1', share: 0.125 }] },
      { thread: 2, busyMs: 400, idleMs: 600, top: [] },
    ];
    const explained = pageOf(runs.map((run) => withThreads(run, threads)));
    expect(explained.match(/Where the time went: troupe get/g)).toHaveLength(1);
    expect(explained).toContain("the service's thread: busy 900 ms, idle 100 ms");
    expect(explained).toContain('<td>12.5 %</td><td>pack &lt;all&gt; pack.js:1</td>');
    expect(explained).toContain('thread 2: busy 400 ms');
  });

  test('says what keeps a scenario from its goal only where one is missed', () => {
    const bound = scenarios.find(({ name }) => name === 'transport/pipelined')?.bound ?? 'none';
    const named = (run: RunResults): RunResults => ({
      ...run,
      scenarios: run.scenarios.map((scenario, index) =>
        index === 0 ? { ...scenario, name: 'transport/pipelined' } : scenario,
      ),
    });
    const pages = runs.map((run) => pageOf([named(run)]));
    expect(pages.map((text) => text.includes(bound))).toEqual([false, true]);
  });

  test('escapes what it shows', () => {
    expect(page).toContain('a &lt;fast&gt; one');
    expect(page).toContain('reads &amp; writes');
  });
});

describe('the table of the README', () => {
  test('has a line for each goal and a column for each version of Node', () => {
    const [head, rule, first] = readmeTable(runs).split('\n');
    expect(head).toMatch(/^\| scenario +\| Troupe +\| goal +\| Node 20\.20\.0 +\| Node 24\.1\.0 +\|$/);
    expect(rule).toMatch(/^\|( -+ \|){5}$/);
    expect(first).toContain('| troupe get | ≥ 5× raw ');
    expect(first).toMatch(/\| 6 \[1 – 9\], met +\| 4 \[1 – 9\], NOT MET: 20 % below +\|$/);
    expect(new Set([head?.length, rule?.length, first?.length]).size).toBe(1);
  });

  test('names the commit of what only an older run of the same Node has', () => {
    const [newer] = runs as [RunResults];
    const scenarios = newer.scenarios.map((scenario) => ({ ...scenario, name: `older/${scenario.name}` }));
    const table = readmeTable([newer, { ...newer, commit: 'older0123456', scenarios }]).split('\n');
    expect(table[0]).toMatch(/\| goal +\| Node 20\.20\.0 +\|$/);
    expect(table.find((line) => line.startsWith('| transport/one '))).toMatch(/\[1 – 9\], met +\|$/);
    expect(table.find((line) => line.startsWith('| older/transport/one '))).toMatch(/met \(older01\) +\|$/);
    expect(table.slice(-2)).toEqual([
      expect.stringContaining('commit abc.'),
      expect.stringContaining('commit older0123456.'),
    ]);
  });

  test('names what failed, whose rounds are not in the ratios', () => {
    const [first] = runs as [RunResults];
    expect(readmeTable([first])).not.toContain('Failed');
    const table = readmeTable([{ ...first, failures: ['a/b, nact, round 2: its process was ended'] }]);
    expect(table.split('\n').at(-1)).toContain(' Failed, so not in the ratios: a/b, nact, round 2.');
  });

  test('stands between its markers and nowhere else', () => {
    const readme =
      'a\n<!-- benchmarks:begin (npm run bench:report writes this) -->\nold\n<!-- benchmarks:end -->\nz\n';
    const written = withTable(readme, runs);
    expect(written).not.toContain('old');
    expect(withTable(written, runs)).toBe(written);
    expect(written.startsWith('a\n<!--') && written.endsWith('-->\nz\n')).toBe(true);
    expect(() => withTable('no markers', runs)).toThrow('no place for the table');
  });

  test('is what the results in the repository say', () => {
    const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
    const readme = readFileSync(path('../../README.md'), 'utf8');
    const kept = readRuns(path('../results'));
    expect(withTable(readme, kept)).toBe(readme);
    if (kept.length > 0) expect(readFileSync(path('../results/report.html'), 'utf8')).toBe(pageOf(kept));
  });
});

describe('the results of a run', () => {
  test('are refused when they are something else', () => {
    expect(() => parsedRun('{}', 'a.json')).toThrow('a.json holds no results of a run');
  });

  test('are told as one with those of the same commit and Node, each scenario by the most rounds', () => {
    const folder = mkdtempSync(join(tmpdir(), 'troupe-results-'));
    const run = runOn('24.0.0', 6);
    const [transport, growth] = run.scenarios as [ScenarioResult, ScenarioResult];
    const fewer = {
      ...runOn('24.0.0', 2),
      rounds: 1,
      scenarios: [
        { ...transport, title: 'again' },
        { ...growth, results: growth.results.map((result) => ({ ...result, rounds: 1 })) },
      ],
      failures: ['growth/hosts, get, 1, round 1: it broke', 'transport/one, raw, round 1: it broke'],
    };
    const other = { ...run, scenarios: [transport], commit: 'older' };
    for (const [name, file] of Object.entries({ a: fewer, b: { ...run, scenarios: [transport] }, c: other }))
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(file));
    const [joined, apart, ...none] = readRuns(folder) as [RunResults, RunResults];
    expect([none, apart.commit]).toEqual([[], 'older']);
    expect(joined.scenarios.map(({ title }) => title)).toEqual([transport.title, growth.title]);
    expect(joined.failures).toEqual(['growth/hosts, get, 1, round 1: it broke']);
    expect([roundsText(joined), roundsText(apart)]).toEqual(['1 to 3 rounds', '3 rounds']);
    rmSync(folder, { recursive: true });
  });
});

describe('the list of scenarios', () => {
  test('names each once, and in each every subject once', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    for (const { name, subjects } of scenarios) {
      const names = subjects.map((subject) => subject.name);
      expect([name, new Set(names).size]).toEqual([name, names.length]);
    }
  });

  test('compares with subjects that are there', () => {
    for (const { name, reference, subjects } of scenarios) {
      const names = subjects.map((subject) => subject.name);
      const wanted = subjects.flatMap(({ comparisons = [] }) => comparisons.map(({ versus }) => versus));
      for (const versus of reference === undefined ? wanted : [reference, ...wanted]) {
        expect([name, versus, names.includes(versus)]).toEqual([name, versus, true]);
      }
    }
  });
});
