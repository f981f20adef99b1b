/**
 * What a job reports on its way (`ctx.progress`), at the thread that runs it. The newest report wins: one is under way
 * to the caller at a time, the next leaves when he has read that one, and of those in between only the last is kept.
 * So a job that reports in a tight loop costs neither memory nor messages. Pure: sending is a port.
 */
export class ProgressReports {
  readonly #send: (report: unknown) => void;
  #newest: { readonly report: unknown } | undefined;
  #maySend = true;

  constructor(send: (report: unknown) => void) {
    this.#send = send;
  }

  /** `report` is a copy. */
  add(report: unknown): void {
    if (this.#maySend) {
      this.#maySend = false;
      this.#send(report);
    } else this.#newest = { report };
  }

  /** The caller has read the last one that was sent. */
  heard(): void {
    const newest = this.#newest;
    if (newest === undefined) this.#maySend = true;
    else {
      this.#newest = undefined;
      this.#send(newest.report);
    }
  }

  /** The job ends: the newest one leaves in any case. */
  flush(): void {
    if (this.#newest !== undefined) this.heard();
  }
}
