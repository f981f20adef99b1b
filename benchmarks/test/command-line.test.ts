import { describe, expect, test } from 'vitest';
import { isAskedFor, parseCommandLine, usage } from '../dist/command-line.js';

const scenarios = ['transport/pipelined', 'transport/sequential', 'load'];

describe('the command line', () => {
  test('without options asks for everything, in five rounds', () => {
    expect(parseCommandLine([], scenarios)).toEqual({
      only: [],
      rounds: 5,
      seconds: 2,
      jsonPath: undefined,
      isSmoke: false,
    });
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
    ];
    expect(parseCommandLine(args, scenarios)).toEqual({
      only: ['load', 'transport'],
      rounds: 3,
      seconds: 0.5,
      jsonPath: 'a.json',
      isSmoke: false,
    });
  });

  test('of a smoke run is short unless told otherwise', () => {
    expect(parseCommandLine(['--smoke'], scenarios)).toMatchObject({
      isSmoke: true,
      rounds: 1,
      seconds: 0.2,
    });
    expect(parseCommandLine(['--smoke', '--rounds', '2'], scenarios)).toMatchObject({
      rounds: 2,
      seconds: 0.2,
    });
  });

  test('answers a call for help, whatever else is asked for', () => {
    expect(parseCommandLine(['--rounds', '0', '--help'], scenarios)).toBe('help');
    for (const option of ['only', 'rounds', 'seconds', 'json', 'smoke', 'help']) {
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
    [
      ['--only', 'trans'],
      '--only must be a scenario or a group (transport/pipelined, transport/sequential, load), got "trans"',
    ],
    [
      ['--only='],
      '--only must be a scenario or a group (transport/pipelined, transport/sequential, load), got ""',
    ],
  ])('%j is refused in one line', (args, message) => {
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
