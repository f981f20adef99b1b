/** Begins a load: checks what the user hands in. */
import type { Clock } from '../clock.ts';
import { copyValue } from '../codec/value.ts';
import { mustBe } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import type { Placement } from '../partition/placement.ts';
import { type LoadResult, loadSettingsOf, type ReceiverPort } from './load-options.ts';
import { PageSender } from './page-sender.ts';
import type { TableExecutor, TableHandle } from './table-executor.ts';
import { TableLoad } from './table-load.ts';

/** What a load needs of its member. */
export interface LoadGround {
  readonly clock: Clock;
  readonly receivers: ReceiverPort | undefined;
}

export async function loadInto(
  table: TableHandle,
  placement: Placement,
  executor: TableExecutor,
  { clock, receivers }: LoadGround,
  source: unknown,
  options: unknown,
): Promise<LoadResult> {
  const given = loadSettingsOf(options);
  if (executor.isPlain !== true) throw inTransaction();
  if (given.receiver !== undefined) {
    mustBe(receivers !== undefined, 'receiver', 'left out: this grid runs no jobs', given.receiver);
    receivers.check(given.receiver);
  }
  const settings = { ...given, args: copyValue(given.args, 'args') };
  const sender = new PageSender({ clock, table, executor, receivers, settings });
  return new TableLoad({ table, placement, sender, settings }).run(iteratorOf(source));
}

function iteratorOf(source: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source) return (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return (source as Iterable<unknown>)[Symbol.iterator]();
  }
  mustBe(
    false,
    'source',
    'an async iterable, or an iterable, of { key, value } or { key, delete: true }',
    source,
  );
  throw new InvalidArgumentError('source');
}

function inTransaction(): InvalidArgumentError {
  return new InvalidArgumentError(
    'load() writes page by page and sends pages again, so it is no part of a transaction: call it outside, or use setMany() and deleteMany() in the body',
    { details: { argument: 'source' } },
  );
}
