/**
 * The context of a job in the pool: who it is, and nothing of the grid. Asking for more is a mistake, most likely of
 * the caller's target, and throws.
 */
import { InvalidArgumentError } from '@troupe/core';
import type { JobContext } from '../job-context.ts';
import type { PoolTask } from './pool-task.ts';

/** Which job it is. */
export type PoolCall = Pick<PoolTask, 'job' | 'execution' | 'attempt'>;

export function poolContext({ job, execution, attempt }: PoolCall): JobContext {
  let controller: AbortController | undefined;
  const own = {
    id: execution,
    attempt,
    partition: undefined,
    host: undefined,
    cancelled: false,
    /** Nobody hears it: who follows a job in the pool learns its end. */
    progress: (): void => undefined,
    /** Never aborts: the thread of a job that nobody waits for is killed. */
    get signal(): AbortSignal {
      controller ??= new AbortController();
      return controller.signal;
    },
  };
  return new Proxy(own, {
    get(target, name, receiver): unknown {
      // `then`, `toJSON` and the like are looked up by the language and by loggers.
      if (name in target || typeof name === 'symbol' || name === 'then' || name === 'toJSON') {
        return Reflect.get(target, name, receiver);
      }
      throw withoutGrid(job, name);
    },
  }) as unknown as JobContext;
}

function withoutGrid(job: string, name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `job '${job}' uses ctx.${name}, which it has no access to when it runs at 'any': the threads of the pool hold no data and are no part of the grid; run it at a key, a partition or a host`,
    { details: { argument: 'at', job, name } },
  );
}
