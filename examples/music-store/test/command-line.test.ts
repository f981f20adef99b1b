import { describe, expect, test } from 'vitest';
import { parseCommandLine, usage } from '../dist/command-line.js';

describe('the command line', () => {
  test('without options runs a generated store with a few failing payments', () => {
    expect(parseCommandLine([])).toEqual({
      catalogue: { from: 'scale', scale: 1 },
      failures: 0.02,
      seed: 1,
      threads: undefined,
      jsonPath: undefined,
      servePort: undefined,
    });
  });

  test('with a file has no failing payments unless asked for', () => {
    expect(parseCommandLine(['--data', 'c.json'])).toMatchObject({
      catalogue: { from: 'file', path: 'c.json' },
      failures: 0,
    });
    expect(parseCommandLine(['--data', 'c.json', '--failures', '0.5'])).toMatchObject({ failures: 0.5 });
  });

  test('takes all numbers', () => {
    const args = ['--scale', '0.02', '--failures=1', '--seed', '9', '--threads', '0', '--json', 'out.json'];
    expect(parseCommandLine(args)).toEqual({
      catalogue: { from: 'scale', scale: 0.02 },
      failures: 1,
      seed: 9,
      threads: 0,
      jsonPath: 'out.json',
      servePort: undefined,
    });
  });

  test('serves at the usual port or at the one given', () => {
    expect(parseCommandLine(['--serve'])).toMatchObject({ servePort: 3000 });
    expect(parseCommandLine(['--serve', '--port', '0'])).toMatchObject({ servePort: 0 });
  });

  test('answers a call for help, whatever else is asked for', () => {
    expect(parseCommandLine(['--scale', '-1', '--help'])).toBe('help');
    for (const option of ['data', 'scale', 'failures', 'seed', 'threads', 'json', 'serve', 'port', 'help']) {
      expect(usage).toContain(`--${option}`);
    }
  });

  test.each([
    [['--bogus'], "Unknown option '--bogus' (--help shows what there is)"],
    [['file.json'], "Unexpected argument 'file.json' (--help shows what there is)"],
    [['--scale'], "Option '--scale <value>' argument missing (--help shows what there is)"],
    [['--scale', '-1'], '--scale must be a number above 0 and at most 100, got "-1"'],
    [['--scale', '0'], '--scale must be a number above 0 and at most 100, got "0"'],
    [['--scale', 'big'], '--scale must be a number above 0 and at most 100, got "big"'],
    [['--scale='], '--scale must be a number above 0 and at most 100, got ""'],
    [['--failures', '1.1'], '--failures must be a number from 0 to 1, got "1.1"'],
    [['--failures', '-.1'], '--failures must be a number from 0 to 1, got "-.1"'],
    [['--threads', '1.5'], '--threads must be a whole number from 0 to 254, got "1.5"'],
    [['--seed', '-3'], '--seed must be a whole number of at least 0, got "-3"'],
    [['--serve', '--port', '70000'], '--port must be a whole number from 0 to 65535, got "70000"'],
    [['--port', '80'], '--port needs --serve'],
    [['--data', 'a', '--scale', '1'], '--data and --scale exclude each other'],
    [['--serve', '--json', 'a'], '--json and --serve exclude each other'],
  ])('%j is refused in one line', (args, message) => {
    expect(() => parseCommandLine(args)).toThrow(
      expect.objectContaining({ name: 'InputError', message }) as Error,
    );
  });
});
