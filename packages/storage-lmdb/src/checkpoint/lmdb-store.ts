/** The checkpoint's entries in an LMDB environment: one file, its writes made by a thread of LMDB's own. */
import { existsSync, statSync } from 'node:fs';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { OrderedStore, StoreEntry, StoreRange } from './ordered-store.ts';

const binary = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const;
const stateKey = Buffer.from('state');

export class LmdbStore implements OrderedStore {
  readonly #environment: RootDatabase<Uint8Array, Uint8Array>;
  readonly #data: Database<Uint8Array, Uint8Array>;
  readonly #meta: Database<Uint8Array, Uint8Array>;
  /** Of the last write; LMDB shares one among the writes of a turn. */
  #lastCommit: Promise<unknown> | undefined;
  #settled: Promise<unknown> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #fails: () => void = () => undefined;
  /** After a failure LMDB leaves some writes without an answer, so nobody may wait for them alone. */
  readonly #failed = new Promise<void>((resolve) => {
    this.#fails = resolve;
  });

  /**
   * `create` makes what is missing of a new file. Throws where the file is no LMDB environment, is shorter than it says
   * it is, or, unless with `create`, lacks a database: a damaged name must not make way for an empty one.
   */
  constructor(file: string, access: 'read' | 'write' | 'create') {
    const before = existsSync(file) ? statSync(file).size : undefined;
    this.#environment = open({
      path: file,
      noSubdir: true,
      maxDbs: 2,
      // Fixed, for the longest key depends on it.
      pageSize: 4096,
      readOnly: access === 'read',
      // Pages are on the disk before the record that names them is written: LMDB's own order, and no boot ids to trust.
      overlappingSync: false,
      // With it each turn's writes have one more promise, which nobody gets, and whose rejection ends the process.
      eventTurnBatching: false,
      ...binary,
    });
    const { pageSize, lastPageNumber } = this.#environment.getStats() as Record<string, number>;
    const wanted = ((lastPageNumber ?? 0) + 1) * (pageSize ?? 0);
    // The file is mapped: a page beyond its end would end the process with SIGBUS.
    if (before !== undefined && before > 0 && before < wanted) {
      void this.#environment.close();
      throw new Error(`the file has ${before} bytes and needs ${wanted}`);
    }
    const create = access === 'create';
    try {
      this.#data = this.#environment.openDB('data', { ...binary, create } as typeof binary);
      this.#meta = this.#environment.openDB('meta', { ...binary, create } as typeof binary);
    } catch (error) {
      void this.#environment.close();
      throw error;
    }
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#queued(this.#data.put(key, value));
  }

  remove(key: Uint8Array): void {
    this.#queued(this.#data.remove(key));
  }

  putState(state: Uint8Array): void {
    this.#queued(this.#meta.put(stateKey, state));
  }

  getState(): Uint8Array | undefined {
    return this.#meta.get(stateKey);
  }

  async written(): Promise<void> {
    await Promise.race([this.#settled, this.#failed]);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async flushed(): Promise<void> {
    await this.written();
    await Promise.race([this.#environment.flushed, this.#failed]);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Throws where a damaged page ends the walk before its time: LMDB takes a node that makes no sense for the end. */
  *range({ start, isExclusive, end }: StoreRange): Iterable<StoreEntry> {
    // Without it a range may show what was there before the writes of this turn.
    this.#data.resetReadTxn();
    let last: Uint8Array | undefined;
    for (const entry of this.#data.getRange({ start, end, exclusiveStart: isExclusive } as {
      start: Uint8Array;
    })) {
      last = entry.key;
      yield entry;
    }
    const rest = { start: last ?? start, isExclusive: isExclusive || last !== undefined, end };
    const missing = this.countIn(rest);
    if (missing !== 0) throw new Error(`${missing} entries can't be reached`);
  }

  countIn({ start, isExclusive, end }: StoreRange): number {
    return this.#data.getCount({ start, end, exclusiveStart: isExclusive } as { start: Uint8Array });
  }

  count(): number {
    return (this.#data.getStats() as { entryCount: number }).entryCount;
  }

  async copyTo(path: string): Promise<void> {
    await this.#environment.backup(path, false);
  }

  async close(): Promise<void> {
    await Promise.race([this.#settled, this.#failed]);
    const closed = this.#environment.close();
    // It waits for writes that may never be answered.
    if (this.#failure === undefined) await closed;
    else closed.catch(() => undefined);
  }

  #queued(commit: Promise<unknown>): void {
    if (commit === this.#lastCommit) return;
    this.#lastCommit = commit;
    this.#settled = commit.then(undefined, (error: unknown) => {
      this.#failure ??= { error };
      this.#fails();
      // LMDB tells why in a promise of its own, which must be heard in any case.
      const why = (error as { readonly commitError?: Promise<unknown> }).commitError;
      void why?.catch((cause: unknown) => {
        this.#failure = { error: cause };
      });
    });
  }
}
