/** The entries that all subjects of the transport scenarios hold, and the order in which they are asked for. */

export function keysUpTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `account:${index}`);
}

/** The value of the index-th key, until something writes. */
export function firstValueOf(index: number): number {
  return index + 1_000_000;
}

/** Prime, so that it shares no factor with any smaller count; and large, so that neighbours lie far apart. */
const stride = 611_953;

/** The index of the n-th key to ask for: all keys equally often, in no order a cache or a partition could like. */
export function indexOf(n: number, keyCount: number): number {
  return (n * stride) % keyCount;
}

export function mustEqual(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) throw new Error(`${what} is ${String(found)} instead of ${String(expected)}`);
}
