import {
  assert,
  DefinitionError,
  HostLostError,
  InvariantError,
  neverReached,
  OverloadedError,
  TimeoutError,
  TransactionAbortedError,
  TroupeError,
  troupeErrorClasses,
} from '@troupe/core';
import { describe, expect, test } from 'vitest';

describe('TroupeError', () => {
  test('carries code, details and cause; is not retryable unless told', () => {
    const cause = new Error('below');
    const error = new TroupeError('SOME_CODE', 'text', { details: { a: 1 }, cause });
    expect(error).toMatchObject({
      name: 'TroupeError',
      code: 'SOME_CODE',
      message: 'text',
      retryable: false,
      details: { a: 1 },
      cause,
    });
    expect(new TroupeError('SOME_CODE', 'text', { retryable: true }).retryable).toBe(true);
    expect('cause' in new TroupeError('SOME_CODE', 'text')).toBe(false);
  });

  test('details are frozen and not those of the caller', () => {
    const details = { a: 1 };
    const error = new TroupeError('SOME_CODE', 'text', { details });
    details.a = 2;
    expect(error.details).toEqual({ a: 1 });
    expect(() => Object.assign(error.details, { a: 3 })).toThrow(TypeError);
  });

  test('a subclass of a user is one of ours and keeps its own name', () => {
    class InsufficientFunds extends TroupeError {
      override name = 'InsufficientFunds';
    }
    const error = new InsufficientFunds('INSUFFICIENT_FUNDS', 'text');
    expect(error).toBeInstanceOf(TroupeError);
    expect(String(error)).toBe('InsufficientFunds: text');
  });
});

describe('the classes of errors', () => {
  test.each(troupeErrorClasses.map((errorClass) => [errorClass.name, errorClass] as const))(
    '%s is named like its class, also in the stack',
    (name, errorClass) => {
      const anyClass = errorClass as unknown as new (...args: unknown[]) => TroupeError;
      const error = new anyClass('CODE', { details: {} }, { details: { reason: 'user' } });
      expect(error.name).toBe(name);
      expect(error.stack?.startsWith(`${name}: `)).toBe(true);
      expect(Object.keys(error)).toEqual(['code', 'retryable', 'details']);
      expect(error.code).toMatch(/^[A-Z_]+$/);
    },
  );

  test('what may work a moment later is retryable', () => {
    expect(new HostLostError('text').retryable).toBe(true);
    expect(new OverloadedError('MAILBOX_FULL', 'text').retryable).toBe(true);
    expect(new DefinitionError('DEFINITION_MISSING', 'text').retryable).toBe(false);
    expect(new TimeoutError('text').retryable).toBe(false);
  });

  test('a time-out says whether the call may have happened; by default it is unknown', () => {
    expect(new TimeoutError('text').details).toEqual({ outcome: 'unknown' });
    expect(new TimeoutError('text', { details: { outcome: 'not-done', timeoutMs: 5 } }).details).toEqual({
      outcome: 'not-done',
      timeoutMs: 5,
    });
  });

  test.each([
    ['wounded', true],
    ['killed', false],
    ['timeout', false],
    ['user', false],
  ] as const)('a transaction aborted as %s has retryable %s', (reason, retryable) => {
    expect(new TransactionAbortedError('text', { details: { reason } }).retryable).toBe(retryable);
  });
});

describe('assert', () => {
  test('throws InvariantError only when the condition does not hold', () => {
    assert(1, 'fine');
    expect(() => assert(0, 'one holder')).toThrow(InvariantError);
    expect(() => assert(null, 'one holder')).toThrow('one holder');
  });

  test('neverReached names what it was given', () => {
    expect(() => neverReached('odd' as never, 'the state')).toThrow('the state has an unexpected value: odd');
  });
});
