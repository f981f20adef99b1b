/** What `Table.load` takes and answers. */
import type { Definition } from '../definition/definition.ts';
import { isDefinition } from '../definition/definition.ts';
import type { AnyTable } from '../definition/table-definition.ts';
import { mustBe, mustBeFunction, mustBeInteger } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import type { Key } from '../key/key.ts';
import { loadPageItems, loadPageItemsMax, loadPagesInFlight, loadRetries } from '../limits.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import { callOptionNamesWith, checkCallOptions } from './call-options.ts';

/** What is loaded: an entry to store, or a key to remove. */
export type LoadItem<K, V> =
  | { readonly key: K; readonly value: V; readonly delete?: false | undefined }
  | { readonly key: K; readonly delete: true; readonly value?: undefined };

/** Items as they come; asked for one at a time. */
export type LoadSource<K, V> = AsyncIterable<LoadItem<K, V>> | Iterable<LoadItem<K, V>>;

/** A page as a receiver gets it. */
export interface LoadPage<K, V, A = undefined> {
  readonly items: readonly LoadItem<K, V>[];
  readonly args: A;
}

/** A job that takes pages at the owner of their partition. Made by `receiver()`. */
export interface LoadReceiver<K, V, A> extends Definition<'job'> {
  readonly run: (context: never, page: LoadPage<K, V, A>) => unknown;
}

/** How far a load is. */
export interface LoadProgress {
  readonly written: number;
  readonly failed: number;
}

/** `timeoutMs` bounds each sending of a page, `signal` the whole. */
export interface LoadOptions extends CallOptions {
  /** Items of one partition that are sent together, or about 1 MiB of them. Default 512. */
  readonly pageSize?: number | undefined;
  /** Pages under way to one host at once, each of another partition. Default 4. */
  readonly parallelPages?: number | undefined;
  /** How often a page is sent again, when its host died or can't take it just now. Default 3. */
  readonly retries?: number | undefined;
  /** Called after each page. What it throws ends the load. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** The items go to a receiver, which does with them what it likes. */
export interface ReceiverLoadOptions<K, V, A> extends LoadOptions {
  readonly receiver: LoadReceiver<K, V, A>;
  /** What the receiver gets with each page, a copy. */
  readonly args?: NoInfer<A>;
}

export interface FailedItem {
  /** What the source gave, or a copy of it. */
  readonly item: unknown;
  readonly error: unknown;
}

export interface LoadResult {
  /** Items that were written, or received. */
  readonly written: number;
  /** The first 1,000 items that were not, or of which it is not known. */
  readonly failed: readonly FailedItem[];
  /** How many there were. */
  readonly failedCount: number;
}

/** Brings pages to receivers. Undefined where nothing runs jobs. */
export interface ReceiverPort {
  /** Throws when the grid doesn't have it. */
  check(receiver: Definition): void;
  receive(
    receiver: Definition,
    at: { readonly table: AnyTable; readonly partition: PartitionId },
    page: LoadPage<Key, unknown, unknown>,
    bounds: CallOptions,
  ): Promise<unknown>;
}

/** Options with their defaults. */
export interface LoadSettings extends CallOptions {
  readonly pageSize: number;
  readonly parallelPages: number;
  readonly retries: number;
  readonly onProgress: ((progress: LoadProgress) => void) | undefined;
  readonly receiver: Definition | undefined;
  readonly args: unknown;
}

const optionNames = callOptionNamesWith(
  'pageSize',
  'parallelPages',
  'retries',
  'onProgress',
  'receiver',
  'args',
);

/** Throws INVALID_ARGUMENT. */
export function loadSettingsOf(options: unknown): LoadSettings {
  checkCallOptions(options as CallOptions | undefined, optionNames);
  const {
    pageSize = loadPageItems,
    parallelPages = loadPagesInFlight,
    retries = loadRetries,
    onProgress,
    receiver,
    args,
    timeoutMs,
    signal,
  } = (options ?? {}) as Partial<LoadSettings>;
  mustBeInteger(pageSize, 'pageSize', 1, loadPageItemsMax);
  mustBeInteger(parallelPages, 'parallelPages', 1, Number.MAX_SAFE_INTEGER);
  mustBeInteger(retries, 'retries', 0, Number.MAX_SAFE_INTEGER);
  if (onProgress !== undefined) mustBeFunction(onProgress, 'onProgress');
  if (receiver !== undefined) {
    const isReceiver = isDefinition(receiver) && receiver.kind === 'job';
    mustBe(isReceiver, 'receiver', 'a receiver made by receiver()', receiver);
  } else if (args !== undefined) {
    throw new InvalidArgumentError('args are for a receiver, and none is given', {
      details: { argument: 'args' },
    });
  }
  return { pageSize, parallelPages, retries, onProgress, receiver, args, timeoutMs, signal };
}
