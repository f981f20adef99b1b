/**
 * The progress of an execution at its caller: of each host the newest report that nobody has read. Reading one tells its
 * host that the next may come; who doesn't read holds one report of each host and nothing else.
 */
interface Unread {
  readonly report: unknown;
  /** Its host may send the next one. */
  readonly heard: () => void;
}

export class ProgressFeed {
  /** By the number of the request, the oldest first. */
  readonly #unread = new Map<number, Unread>();
  #ended = false;
  #waiting: (() => void)[] = [];

  add(requestId: number, report: unknown, heard: () => void): void {
    this.#unread.set(requestId, { report, heard });
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *read(): AsyncGenerator<unknown, void, undefined> {
    for (;;) {
      const [first] = this.#unread;
      if (first !== undefined) {
        const [requestId, { report, heard }] = first;
        this.#unread.delete(requestId);
        heard();
        yield report;
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
