import { describe, expect, test } from 'vitest';
import type { Value } from '../dist/programs/program.js';
import { type ProgramName, runProgram } from '../dist/programs/programs.js';

function run(name: ProgramName, held: Record<string, Value>, args: number[] = []) {
  const keys = Object.keys(held);
  return runProgram(name, Object.values(held), keys, args);
}

describe('one-shot transactions', () => {
  test('transfers neither make nor lose money', () => {
    expect(run('transfer', { a: 10, b: 5 }, [3]).writes).toEqual([
      ['a', 7],
      ['b', 8],
    ]);
    expect(run('multiTransfer', { a: 10, b: 0, c: 0, d: 0 }, [2]).writes).toEqual([
      ['a', 4],
      ['b', 2],
      ['c', 2],
      ['d', 2],
    ]);
  });

  test('fail when an account is missing', () => {
    expect(() => runProgram('transfer', [1, undefined], ['a', 'b'], [1])).toThrow('a number was expected');
  });

  describe('of SmallBank', () => {
    test.each<[ProgramName, Record<string, Value>, number[], Record<string, Value>, number]>([
      ['balance', { c: 1, s: 2 }, [], {}, 0],
      ['depositChecking', { c: 1 }, [5], { c: 6 }, 5],
      ['transactSavings', { s: 4 }, [-4], { s: 0 }, -4],
      ['transactSavings', { s: 4 }, [-5], {}, 0],
      ['amalgamate', { s: 2, c: 3, other: 1 }, [], { s: 0, c: 0, other: 6 }, 0],
      ['writeCheck', { c: 1, s: 9 }, [10], { c: -9 }, -10],
      ['writeCheck', { c: 1, s: 8 }, [10], { c: -10 }, -11],
      ['sendPayment', { a: 5, b: 1 }, [5], { a: 0, b: 6 }, 0],
      ['sendPayment', { a: 5, b: 1 }, [6], {}, 0],
    ])('%s of %j with %j writes %j and answers %d', (name, held, args, written, answer) => {
      const outcome = run(name, held, args);
      expect([Object.fromEntries(outcome.writes), outcome.answer]).toEqual([written, answer]);
      const changed = outcome.writes.reduce(
        (sum, [key, value]) => sum + Number(value) - Number(held[key]),
        0,
      );
      expect(changed).toBe(outcome.answer);
    });
  });

  test('New-Order gives the next number, takes from the stock, and refuses an item that is not there', () => {
    const held = {
      '1/w': { tax: 0 },
      '1/d/2': { tax: 0, next: 7 },
      '1/c/2/3': { discount: 0 },
      '1/i/5': { price: 2 },
      '1/s/5': { quantity: 12, ordered: 0, orders: 0 },
    };
    const { writes, answer } = run('newOrder', held, [4]);
    const written = Object.fromEntries(writes);
    expect(answer).toBe(4);
    expect(written['1/d/2']).toEqual({ tax: 0, next: 8 });
    expect(written['1/s/5']).toEqual({ quantity: 99, ordered: 4, orders: 1 });
    expect(written['1/d/2/o/7']).toEqual({ customer: '1/c/2/3', lines: 1, total: 8 });
    const keys = Object.keys(held);
    const values: (Value | undefined)[] = Object.values(held);
    values[3] = undefined;
    expect(runProgram('newOrder', values, keys, [4])).toEqual({ writes: [], answer: 0 });
  });
});
