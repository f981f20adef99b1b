import { describe, expect, test } from 'vitest';
import { chosenOf, isAskedFor, parseCommandLine, usage } from '../dist/command-line.js';

const scenarios = ['transport/pipelined', 'transport/sequential', 'load'];

describe('the command line', () => {
  test('without options asks for a quick run', () => {
    expect(parseCommandLine([], scenarios)).toEqual({
      only: [],
      rounds: 2,
      seconds: 0.6,
      jsonPath: undefined,
      explainPath: undefined,
      isSmoke: false,
      isFull: false,
      profileFolder: undefined,
    });
  });

  test('of a full run is longer unless told otherwise', () => {
    expect(parseCommandLine(['--full'], scenarios)).toMatchObject({ isFull: true, rounds: 5, seconds: 2 });
    expect(parseCommandLine(['--full', '--rounds', '1'], scenarios)).toMatchObject({ rounds: 1, seconds: 2 });
  });

  test('takes all options', () => {
    const args = [
      '--only',
      'load',
      '--only=transport',
      '--rounds',
      '3',
      '--seconds',
      '0.5',
      '--json',
      'a.json',
      '--cpu-prof',
      'profiles',
    ];
    expect(parseCommandLine(args, scenarios)).toEqual({
      only: ['load', 'transport'],
      rounds: 3,
      seconds: 0.5,
      jsonPath: 'a.json',
      explainPath: undefined,
      isSmoke: false,
      isFull: false,
      profileFolder: 'profiles',
    });
  });

  test('explains results, all of them or some', () => {
    expect(parseCommandLine(['--explain', 'a.json', '--only', 'load'], scenarios)).toMatchObject({
      explainPath: 'a.json',
      only: ['load'],
    });
  });

  test('of a smoke run is short unless told otherwise', () => {
    expect(parseCommandLine(['--smoke'], scenarios)).toMatchObject({
      isSmoke: true,
      rounds: 1,
      seconds: 0.05,
    });
    expect(parseCommandLine(['--smoke', '--rounds', '2'], scenarios)).toMatchObject({
      rounds: 2,
      seconds: 0.05,
    });
  });

  test('answers a call for help, whatever else is asked for', () => {
    expect(parseCommandLine(['--rounds', '0', '--help'], scenarios)).toBe('help');
    expect(parseCommandLine(['--list'], scenarios)).toBe('list');
    const all = ['only', 'full', 'rounds', 'seconds', 'json', 'explain', 'cpu-prof', 'smoke', 'list', 'help'];
    for (const option of all) {
      expect(usage).toContain(`--${option}`);
    }
  });

  test.each([
    [['--bogus'], "Unknown option '--bogus' (--help shows what there is)"],
    [['load'], "Unexpected argument 'load' (--help shows what there is)"],
    [['--rounds'], "Option '--rounds <value>' argument missing (--help shows what there is)"],
    [['--rounds', '0'], '--rounds must be a whole number from 1 to 100, got "0"'],
    [['--rounds', '1.5'], '--rounds must be a whole number from 1 to 100, got "1.5"'],
    [['--rounds='], '--rounds must be a whole number from 1 to 100, got ""'],
    [['--seconds', 'long'], '--seconds must be a number from 0.05 to 600, got "long"'],
    [['--seconds', '601'], '--seconds must be a number from 0.05 to 600, got "601"'],
    [['--json='], '--json needs the name of a file'],
    [['--explain='], '--explain needs the name of a file with results'],
    [['--explain', 'a.json', '--rounds', '3', '--full'], '--explain excludes --full and --rounds'],
    [['--cpu-prof='], '--cpu-prof needs the name of a folder'],
    [['--smoke', '--full'], '--smoke and --full exclude each other'],
    [
      ['--only', 'trans'],
      '--only must be a scenario or a group, got "trans"; there are:\n  transport/pipelined\n  transport/sequential\n  load',
    ],
    [
      ['--only='],
      '--only must be a scenario or a group, got ""; there are:\n  transport/pipelined\n  transport/sequential\n  load',
    ],
  ])('%j is refused, and why', (args, message) => {
    expect(() => parseCommandLine(args, scenarios)).toThrow(
      expect.objectContaining({ name: 'InputError', message }) as Error,
    );
  });
});

describe('--only', () => {
  test('names a scenario or its group', () => {
    const asked = (...only: string[]) => scenarios.filter((scenario) => isAskedFor(scenario, only));
    expect(asked()).toEqual(scenarios);
    expect(asked('transport')).toEqual(['transport/pipelined', 'transport/sequential']);
    expect(asked('load', 'transport/sequential')).toEqual(['transport/sequential', 'load']);
  });
});

describe('the scenarios of a run', () => {
  const known = [{ name: 'a/quick', isQuick: true }, { name: 'a/slow' }, { name: 'b' }];
  const namesOf = (settings: Partial<Parameters<typeof chosenOf>[1]>) =>
    chosenOf(known, { only: [], isFull: false, isSmoke: false, ...settings }).map(({ name }) => name);

  test('are the quick set, or all in a full or a smoke run', () => {
    expect(namesOf({})).toEqual(['a/quick']);
    expect(namesOf({ isFull: true })).toEqual(['a/quick', 'a/slow', 'b']);
    expect(namesOf({ isSmoke: true })).toEqual(['a/quick', 'a/slow', 'b']);
  });

  test('are those asked for by name, quick or not', () => {
    expect(namesOf({ only: ['a'] })).toEqual(['a/quick', 'a/slow']);
    expect(namesOf({ only: ['b'], isFull: true })).toEqual(['b']);
  });
});
