/** The read every transport scenario is made of: one key after the other, each answer known beforehand. */
import type { Operation } from '../measuring/pipelined.ts';
import { firstValueOf, indexOf, keysUpTo, mustEqual } from './entries.ts';

export function readsOf(
  keyCount: number,
  get: (key: string) => Promise<number | undefined>,
): Operation<number | undefined> {
  const keys = keysUpTo(keyCount);
  return {
    call: (n) => get(keys[indexOf(n, keyCount)] as string),
    check: (n, value) => mustEqual(value, firstValueOf(indexOf(n, keyCount)), 'a value'),
  };
}
