/** A Map in the service's own thread, and a mutex around every transaction: what one has before one needs more. */
import { Mutex } from 'async-mutex';
import type { Value } from '../programs/program.ts';
import { type ProgramName, runProgram } from '../programs/programs.ts';
import { type OneShotStore, withTurns } from './one-shot-store.ts';

export async function openMapStore(): Promise<OneShotStore> {
  const map = new Map<string, Value>();
  const mutex = new Mutex();
  const inTurn = withTurns(() => undefined);
  return {
    async load(entries) {
      for (const [key, value] of entries) map.set(key, value);
    },
    run: (program: ProgramName, keys, args) =>
      mutex.runExclusive(async () => {
        // A body that awaits nothing would need no mutex.
        await inTurn();
        const values = keys.map((key) => map.get(key));
        const { writes, answer } = runProgram(program, values, keys, args);
        for (const [key, value] of writes) map.set(key, value);
        return answer;
      }),
    async *entries() {
      yield* map;
    },
    close: async () => map.clear(),
  };
}
