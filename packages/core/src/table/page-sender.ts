/**
 * Brings one page of a load to its partition, at least once: what was refused for the moment, or lost with its host, is
 * sent again after a pause. It is written in a transaction of its partition, or handed to a receiver.
 */
import { backoffMs, type Clock, pause } from '../clock.ts';
import { TroupeError } from '../errors/errors.ts';
import { loadRetryPauseMs, loadRetryPauseMsMax } from '../limits.ts';
import type { LoadSettings, ReceiverPort } from './load-options.ts';
import type { ItemPage } from './load-page.ts';
import type { TableExecutor, TableHandle } from './table-executor.ts';

export interface PageSenderParts {
  readonly clock: Clock;
  readonly table: TableHandle;
  readonly executor: Pick<TableExecutor, 'setMany' | 'deleteMany'>;
  readonly receivers: ReceiverPort | undefined;
  readonly settings: LoadSettings;
}

export class PageSender {
  readonly #parts: PageSenderParts;

  constructor(parts: PageSenderParts) {
    this.#parts = parts;
  }

  /** Rejects with the last error when the retries are used up, or the error is of no kind that passes. */
  async send(page: ItemPage): Promise<void> {
    const { clock, settings } = this.#parts;
    const { retries, signal } = settings;
    for (let failures = 1; ; failures++) {
      try {
        await this.#sendOnce(page);
        return;
      } catch (error) {
        if (signal?.aborted === true || failures > retries || !mayPass(error)) throw error;
        // Spread, so that pages that failed together don't come back together.
        const pauseMs = backoffMs(failures, loadRetryPauseMs, loadRetryPauseMsMax, clock);
        await pause(clock, pauseMs, { signal, what: 'a page of a load is to be sent again' });
      }
    }
  }

  async #sendOnce(page: ItemPage): Promise<void> {
    const { table, executor, receivers, settings } = this.#parts;
    const { receiver, args, timeoutMs, signal } = settings;
    const bounds = { timeoutMs, signal };
    if (receiver !== undefined && receivers !== undefined) {
      const at = { table: table.definition, partition: page.partition };
      await receivers.receive(receiver, at, { items: page.items, args }, bounds);
      return;
    }
    const { keys, values, removed } = page.writes();
    if (keys.length > 0) await executor.setMany(table, keys, values, page.bytes, bounds);
    if (removed.length > 0) await executor.deleteMany(table, removed, bounds);
  }
}

/** A partition that was lost is there again, empty. */
function mayPass(error: unknown): boolean {
  return error instanceof TroupeError && (error.retryable || error.code === 'PARTITION_LOST');
}
