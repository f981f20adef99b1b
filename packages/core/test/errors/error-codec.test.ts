import { types } from 'node:util';
import { runInNewContext } from 'node:vm';
import {
  ErrorRegistry,
  errorFromWire,
  errorToWire,
  FrameCodec,
  memoryOf,
  TransactionAbortedError,
  TroupeError,
  troupeErrorClasses,
  ValueNotSupportedError,
} from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

class InsufficientFunds extends TroupeError {
  readonly #secret = 1;
  missing: number;
  constructor(missing: number) {
    if (missing === undefined) throw new Error('must not be called without arguments');
    super('INSUFFICIENT_FUNDS', `missing ${missing}`, { details: { missing } });
    this.missing = missing;
  }
  get doubled(): number {
    return this.missing * 2;
  }
  reveal(): number {
    return this.#secret;
  }
}

const codec = new FrameCodec();
const registry = new ErrorRegistry();
registry.register(InsufficientFunds);

/** To the wire, through a real frame and back. */
function travel(thrown: unknown, known = registry, callSite?: Error | string, route?: string): unknown {
  const wire = codec.decode(codec.encode([[1, errorToWire(thrown)]]))[0]?.[1] as unknown[];
  return errorFromWire(wire, known, callSite, route);
}

describe('errors between threads', () => {
  test.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    '%o keeps its class',
    (errorClass) => {
      const error = travel(new errorClass('text', { cause: 5 })) as Error;
      expect(Object.getPrototypeOf(error)).toBe(errorClass.prototype);
      expect(error).toMatchObject({ name: errorClass.name, message: 'text', cause: 5 });
      expect(types.isNativeError(error)).toBe(true);
      expect(Object.keys(error)).toEqual([]);
    },
  );

  test.each(troupeErrorClasses.map((errorClass) => [errorClass.name, errorClass] as const))(
    '%s keeps its class and fields',
    (_name, errorClass) => {
      const anyClass = errorClass as unknown as new (...args: unknown[]) => TroupeError;
      const sent = new anyClass('CODE', { details: {} }, { details: { reason: 'user' } });
      const error = travel(sent) as TroupeError;
      expect(Object.getPrototypeOf(error)).toBe(errorClass.prototype);
      expect(Object.entries(error)).toEqual(Object.entries(sent));
      expect(Object.isFrozen(error.details)).toBe(true);
    },
  );

  test('details keep their values and kinds', () => {
    const details = {
      reason: 'wounded',
      key: [1n, 'a'],
      at: new Date(5),
      holder: { transaction: 7, label: 'nightly' },
    } as const;
    const error = travel(new TransactionAbortedError('text', { details })) as TransactionAbortedError;
    expect(error.details).toEqual(details);
    expect(error.retryable).toBe(true);
  });

  test('a registered class of a user comes back without its constructor being called', () => {
    const error = travel(new InsufficientFunds(7)) as InsufficientFunds;
    expect(error).toBeInstanceOf(InsufficientFunds);
    expect(error).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      missing: 7,
      doubled: 14,
      message: 'missing 7',
    });
  });

  test('an unknown class becomes its nearest known ancestor and keeps name and fields', () => {
    class Unknown extends InsufficientFunds {}
    class Plain extends Error {
      extra = { a: [1] };
    }
    const error = travel(new Unknown(3)) as InsufficientFunds;
    expect(Object.getPrototypeOf(error)).toBe(InsufficientFunds.prototype);
    expect(error.name).toBe('Unknown');
    const plain = travel(new Plain('text')) as Plain;
    expect(Object.getPrototypeOf(plain)).toBe(Error.prototype);
    expect(plain).toMatchObject({ name: 'Plain', message: 'text', extra: { a: [1] } });
  });

  test('a class called like one of ours does not become ours', () => {
    class TimeoutError extends Error {}
    const error = travel(new TimeoutError('text')) as Error;
    expect(error).not.toBeInstanceOf(TroupeError);
    expect(error.name).toBe('TimeoutError');
    const known = new ErrorRegistry();
    known.register(TimeoutError);
    expect(travel(new TimeoutError('text'), known)).toBeInstanceOf(TimeoutError);
  });

  test('of two registered classes with one name and ancestry neither is guessed', () => {
    const make = (): (new (message: string) => Error) => class NotFound extends Error {};
    const [first, second] = [make(), make()];
    const known = new ErrorRegistry();
    known.register(first);
    known.register(first);
    expect(travel(new first('text'), known)).toBeInstanceOf(first);
    known.register(second);
    const error = travel(new second('text'), known) as Error;
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
    expect(error.name).toBe('NotFound');
  });

  test('a DOMException keeps its name and stays one', () => {
    const controller = new AbortController();
    controller.abort();
    const error = travel(controller.signal.reason) as DOMException;
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: 'AbortError', message: controller.signal.reason.message, code: 20 });
    expect((travel(new DOMException('late', 'TimeoutError')) as Error).name).toBe('TimeoutError');
  });

  test('an AggregateError keeps its errors', () => {
    const error = travel(
      new AggregateError([new RangeError('a'), 'b', new InsufficientFunds(1)], 'all'),
    ) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors[0]).toBeInstanceOf(RangeError);
    expect(error.errors[1]).toBe('b');
    expect(error.errors[2]).toBeInstanceOf(InsufficientFunds);
  });

  test('a name given by hand and the properties of system errors are kept', () => {
    const error = Object.assign(new Error('ENOENT: no file'), {
      code: 'ENOENT',
      errno: -2,
      syscall: 'open',
      path: '/x',
    });
    error.name = 'FileError';
    expect(travel(error)).toMatchObject({
      name: 'FileError',
      code: 'ENOENT',
      errno: -2,
      syscall: 'open',
      path: '/x',
    });
  });

  test('an error of another realm keeps its class', () => {
    expect(travel(runInNewContext('new RangeError("foreign")'))).toBeInstanceOf(RangeError);
  });
});

describe('causes', () => {
  test('the chain keeps classes and values that are no errors', () => {
    const error = travel(new Error('a', { cause: new InsufficientFunds(2) })) as Error;
    expect(error.cause).toBeInstanceOf(InsufficientFunds);
    expect((travel(new Error('a', { cause: { plain: 1 } })) as Error).cause).toEqual({ plain: 1 });
    expect('cause' in (travel(new Error('a')) as Error)).toBe(false);
  });

  test('a cycle ends', () => {
    const a = new Error('a');
    a.cause = new Error('b', { cause: a });
    expect(travel(a)).toMatchObject({ message: 'a', cause: { message: 'b', cause: '[circular]' } });
  });

  test('a chain of a thousand is cut', () => {
    let error = new Error('first');
    for (let i = 0; i < 1_000; i++) error = new Error(`${i}`, { cause: error });
    let depth = 0;
    for (let at: unknown = travel(error); at instanceof Error; at = at.cause) depth++;
    expect(depth).toBeGreaterThan(10);
    expect(depth).toBeLessThan(50);
  });

  test('an error in a property stays an error', () => {
    const error = travel(Object.assign(new Error('a'), { inner: new RangeError('b') })) as Error & {
      inner: Error;
    };
    expect(error.inner).toBeInstanceOf(RangeError);
  });
});

describe('things that are hard to carry', () => {
  test('properties that are no values become text, their neighbours stay', () => {
    const error = travel(
      new TroupeError('CODE', 'text', {
        details: { reason: 'x', run: function go() {}, list: [1, Symbol('s')], socket: new WeakMap() },
      }),
    ) as TroupeError;
    expect(error.details).toMatchObject({
      reason: 'x',
      list: [1, 'Symbol(s)'],
      socket: 'an instance of WeakMap',
    });
    expect(error.details['run']).toContain('function go()');
  });

  test('hostile errors still arrive as errors', () => {
    const trap = (): never => {
      throw new Error('trap');
    };
    const error = new Error('g');
    expect(error.stack).toBeDefined(); // V8 writes it on first use, and would spring the traps then.
    const getters = Object.defineProperties(error, {
      message: { get: trap },
      stack: { get: trap },
      cause: { get: trap },
      name: { get: trap },
      extra: { get: trap, enumerable: true },
    });
    expect(travel(getters)).toMatchObject({ name: 'Error', message: '', extra: '[unreadable]' });
    const proxy = new Proxy(new Error('p'), { get: trap, getPrototypeOf: trap, ownKeys: trap, has: trap });
    expect(travel(proxy)).toBeInstanceOf(Error);
    const odd = Object.assign(new Error('o'), { message: 5, stack: {}, name: null });
    expect(travel(odd)).toBeInstanceOf(Error);
    expect(travel(Object.setPrototypeOf(new Error('n'), null))).toBeInstanceOf(Error);
  });

  test('an own property __proto__ changes nothing', () => {
    const error = JSON.parse('{"__proto__":{"polluted":1}}');
    const sent = Object.defineProperty(new Error('a'), '__proto__', { value: error, enumerable: true });
    expect((travel(sent) as { polluted?: number }).polluted).toBeUndefined();
  });

  test('huge texts and properties are cut', () => {
    const error = Object.assign(new Error('m'.repeat(1 << 20)), { dump: Buffer.alloc(2 << 20) });
    const wire = codec.encode([[1, errorToWire(error)]]);
    expect(memoryOf(wire).map(({ byteLength }) => byteLength < 1 << 20)).toEqual([true]);
    expect((errorFromWire(errorToWire(error), registry) as typeof error).dump).toMatch(/bytes left out/);
  });

  test('whatever is thrown can be sent', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withNullPrototype: true,
          withTypedArray: true,
        }),
        (thing) => {
          travel(thing);
          travel(Object.assign(new Error('x'), { thing }));
          travel(new Error('x', { cause: thing }));
        },
      ),
    );
  });
});

describe('thrown things that are no errors', () => {
  test.each([['text'], [5], [null], [undefined], [true], [10n ** 30n], [{ status: 404, tags: ['a'] }]])(
    '%o arrives as it is',
    (thrown) => {
      expect(travel(thrown)).toEqual(thrown);
    },
  );

  test.each([[Symbol('s')], [() => 1], [new WeakSet()], [Promise.resolve()]])(
    '%o arrives as an Error that says so',
    (thrown) => {
      expect((travel(thrown) as Error).message).toMatch(
        /^something was thrown that can't be carried to another thread: /,
      );
    },
  );
});

describe('stacks', () => {
  test('the remote stack comes first, then the boundary, then the local frames', () => {
    const sent = new RangeError('far');
    sent.stack = 'RangeError: far\n    at remote (far.ts:1:1)';
    const local = 'Error\n    at caller (near.ts:2:2)\n    at main (near.ts:9:9)';
    expect((travel(sent, registry, local, 'host 1 → main') as Error).stack).toBe(
      [
        'RangeError: far',
        '    at remote (far.ts:1:1)',
        '    at [thread boundary: host 1 → main]',
        '    at caller (near.ts:2:2)',
        '    at main (near.ts:9:9)',
      ].join('\n'),
    );
    expect((travel(sent) as Error).stack).toBe(
      'RangeError: far\n    at remote (far.ts:1:1)\n    at [thread boundary]',
    );
  });

  test('a call site given as an error adds its frames, not its message', () => {
    const site = new Error('only for its stack');
    const { stack = '' } = travel(new Error('far'), registry, site) as Error;
    expect(stack).not.toContain('only for its stack');
    expect(stack.split('thread boundary')[1]).toContain('error-codec.test');
  });

  test('an error without a stack gets its first line', () => {
    const sent = new ValueNotSupportedError('far');
    Object.defineProperty(sent, 'stack', { value: undefined });
    expect((travel(sent) as Error).stack).toBe('ValueNotSupportedError: far\n    at [thread boundary]');
  });

  test('stack, cause and name do not show as own enumerable properties', () => {
    expect(Object.keys(travel(new Error('a', { cause: 1 })) as Error)).toEqual([]);
  });
});
