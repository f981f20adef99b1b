/** The entries as a peer's worker thread holds them. */
import { firstValueOf, keysUpTo } from './entries.ts';

export function filledMap(keyCount: number): Map<string, number> {
  return new Map(keysUpTo(keyCount).map((key, index) => [key, firstValueOf(index)]));
}
