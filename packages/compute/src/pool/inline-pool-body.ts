/**
 * The body of a job at `'any'` in a grid that has no threads at all, as tests have: the same context without a grid, the
 * same codec for arguments and result. Only what nobody waits for any more can't be killed: it goes on, unheard.
 */
import { copyToHandOver, type Definitions, FrameCodec, GridClosedError, onAbort } from '@troupe/core';
import type { HostedJob } from '../hosted-job.ts';
import type { AnyJob } from '../job.ts';
import type { JobBody } from '../job-runner.ts';
import { runPoolJob } from './run-pool-job.ts';

export class InlinePoolBody implements JobBody {
  readonly #definitions: Definitions;
  readonly #codec = new FrameCodec();
  #closed = false;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  nameOf({ definition }: HostedJob): string {
    return this.#definitions.mustGet('job', definition).name;
  }

  async run(job: HostedJob): Promise<unknown> {
    const definition = this.#definitions.mustGet('job', job.definition) as AnyJob;
    if (this.#closed) throw new GridClosedError('the grid is closed');
    const call = { job: definition.name, execution: job.execution, attempt: job.attempt };
    const result = await untilAborted(runPoolJob(definition, call, this.#carried(job.args)), job.signal);
    return this.#carried(copyToHandOver(result, `the result of job '${definition.name}'`));
  }

  /** It was unpacked for this caller alone. */
  answer(_job: HostedJob, result: unknown): unknown {
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #carried(value: unknown): unknown {
    return this.#codec.decode(this.#codec.encode([[value]]))[0]?.[0];
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(new DOMException('the job was aborted', 'AbortError'));
    if (signal.aborted) abort();
    const unlisten = onAbort(signal, abort);
    work.then(resolve, reject).finally(unlisten);
  });
}
