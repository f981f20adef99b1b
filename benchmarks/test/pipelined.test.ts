import { describe, expect, test } from 'vitest';
import { measurePipelined } from '../dist/measuring/pipelined.js';
import { fullParams } from '../dist/params.js';

const params = { ...fullParams, inFlight: 5, seconds: 0.01, warmUpSeconds: 0 };

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('a pipelined measurement', () => {
  test('keeps exactly as many calls in flight as asked for, and checks every answer', async () => {
    let inFlight = 0;
    const seen = new Set<number>();
    let checked = 0;
    const call = async (n: number): Promise<number> => {
      seen.add(++inFlight);
      await nextTurn();
      inFlight--;
      return n;
    };
    const check = (n: number, answer: number): void => {
      expect(answer).toBe(n);
      checked++;
    };
    const { value } = await measurePipelined({ call, check }, params);
    expect(Math.max(...seen)).toBe(5);
    expect(inFlight).toBe(0);
    expect(checked).toBeGreaterThan(0);
    expect(value).toBeGreaterThan(0);
  });

  test('fails with the first wrong answer', async () => {
    const check = (n: number): void => {
      if (n === 7) throw new Error('wrong');
    };
    await expect(measurePipelined({ call: nextTurn, check }, params)).rejects.toThrow('wrong');
  });
});
