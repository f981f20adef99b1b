/** The jobs of a thread that wait or are under way, by caller, so that they learn when he stops waiting. */
import type { Peer } from '@troupe/core';
import type { HostedJob } from './hosted-job.ts';

export class OpenJobs {
  readonly #byPeer = new Map<Peer, Map<number, HostedJob>>();

  add(job: HostedJob): void {
    const jobs = this.#byPeer.get(job.from);
    if (jobs === undefined) this.#byPeer.set(job.from, new Map([[job.requestId, job]]));
    else jobs.set(job.requestId, job);
  }

  delete(job: HostedJob): void {
    this.#byPeer.get(job.from)?.delete(job.requestId);
  }

  find(from: Peer, requestId: number): HostedJob | undefined {
    return this.#byPeer.get(from)?.get(requestId);
  }

  /** All jobs of a caller who is gone. */
  takeAll(from: Peer): HostedJob[] {
    const jobs = [...(this.#byPeer.get(from)?.values() ?? [])];
    this.#byPeer.delete(from);
    return jobs;
  }

  all(): HostedJob[] {
    return [...this.#byPeer.values()].flatMap((jobs) => [...jobs.values()]);
  }
}
