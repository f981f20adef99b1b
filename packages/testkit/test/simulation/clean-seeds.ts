import { simulate } from '@troupe/testkit/simulation';

/** The seeds of a range that found something wrong with the protocol, each with its first problem. */
export function failuresOf(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => simulate(from + index))
    .filter(({ ok }) => !ok)
    .map(({ seed, problems }) => `seed ${seed}: ${problems[0]}`);
}
