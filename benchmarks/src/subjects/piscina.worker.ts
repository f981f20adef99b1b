/** The task of the Piscina subject. */
import { workerData } from 'piscina';
import { filledMap } from './filled-map.ts';

const entries = filledMap(workerData as number);

export function get(key: string): number | undefined {
  return entries.get(key);
}
