import {
  checkOptions,
  InvalidArgumentError,
  mustBe,
  mustBeAbortSignal,
  mustBeFunction,
  mustBeInteger,
  mustBeName,
  mustBePositive,
} from '@troupe/core';
import { describe, expect, test } from 'vitest';

describe('argument checks', () => {
  test('return what they accept', () => {
    const fn = (): void => {};
    const { signal } = new AbortController();
    expect(mustBeName('orders', 'name')).toBe('orders');
    expect(mustBePositive(0.5, 'timeoutMs')).toBe(0.5);
    expect(mustBePositive(Infinity, 'timeoutMs')).toBe(Infinity);
    expect(mustBeInteger(3, 'threads', 0, 3)).toBe(3);
    expect(mustBeFunction(fn, 'affinity')).toBe(fn);
    expect(mustBeAbortSignal(signal, 'signal')).toBe(signal);
  });

  test.each<[() => unknown, string]>([
    [() => mustBePositive(-5, 'timeoutMs'), 'timeoutMs must be a positive number, got -5 (number)'],
    [() => mustBePositive(Number.NaN, 'timeoutMs'), 'timeoutMs must be a positive number, got NaN (number)'],
    [() => mustBePositive('5', 'timeoutMs'), "timeoutMs must be a positive number, got '5' (string)"],
    [() => mustBeName('', 'name'), "name must be a non-empty string, got '' (string)"],
    [() => mustBeName(undefined, 'name'), 'name must be a non-empty string, got undefined'],
    [() => mustBeInteger(4, 'threads', 0, 3), 'threads must be a whole number from 0 to 3, got 4 (number)'],
    [
      () => mustBeInteger(1.5, 'threads', 0, 3),
      'threads must be a whole number from 0 to 3, got 1.5 (number)',
    ],
    [() => mustBeInteger(1n, 'threads', 0, 3), 'threads must be a whole number from 0 to 3, got 1 (bigint)'],
    [() => mustBeFunction({}, 'run'), 'run must be a function, got an object'],
    [
      () => mustBeAbortSignal(new AbortController(), 'signal'),
      'signal must be an AbortSignal, got an instance of AbortController',
    ],
    [() => mustBe(false, 'keys', 'a list', [1]), 'keys must be a list, got an array'],
    [() => checkOptions(null, 'options', []), 'options must be an options object, got null'],
    [() => checkOptions([], 'options', []), 'options must be an options object, got an empty array'],
    [
      () => checkOptions({ retires: 1 }, 'options', ['signal', 'retries']),
      'unknown option `retires` in options; did you mean `retries`?',
    ],
    [
      () => checkOptions({ TTLMS: 1 }, 'options', ['ttlMs']),
      'unknown option `TTLMS` in options; did you mean `ttlMs`?',
    ],
    [
      () => checkOptions({ colour: 1 }, 'options', ['ttlMs', 'at']),
      'unknown option `colour` in options; known options: ttlMs, at',
    ],
    [() => checkOptions({ a: 1 }, 'options', []), 'unknown option `a` in options; known options: none'],
  ])('%# refuse with one clear sentence', (check, message) => {
    expect(check).toThrow(InvalidArgumentError);
    expect(check).toThrow(expect.objectContaining({ message }));
  });

  test('name the argument in details', () => {
    try {
      mustBePositive(-5, 'timeoutMs');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { argument: 'timeoutMs', actual: '-5 (number)' },
      });
    }
  });

  test('known options pass, in any number', () => {
    checkOptions({}, 'options', ['a']);
    checkOptions({ a: 1, b: undefined }, 'options', ['a', 'b', 'c']);
  });

  test('long and hostile values do not break the message', () => {
    expect(() => mustBePositive('x'.repeat(1000), 'n')).toThrow(/^.{0,160}$/);
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('no');
        },
      },
    );
    expect(() => mustBePositive(hostile, 'n')).toThrow('got an object that cannot be read');
  });
});
