/** The task of `piscina-sum.ts`. */
export function sum(entries: readonly (readonly [string, number])[]): number {
  let total = 0;
  for (const [, balance] of entries) total += balance;
  return total;
}
