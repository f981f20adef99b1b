/** The table operations of a branch: requests to the member that coordinates its transaction (family `branch`). */
import type {
  CallOptions,
  InsertMode,
  OneKeyOp,
  PartitionId,
  PlacedKey,
  ScanPart,
  ScanRange,
  StorageKey,
  TableExecutor,
  TableHandle,
  ValueChange,
} from '@troupe/core';
import { copiedBytes, copyValue, keyBytes, ScanPart as Part, TableOp, toWireRange } from '@troupe/core';
import { KeyUpdates } from '../attempt/key-updates.ts';
import { fromMessage, layOver } from '../attempt/own-writes.ts';
import type { StoredEntries } from '../attempt/transaction-executor.ts';
import { BranchOp } from '../protocol/messages.ts';

/** Asks the coordinator's member. */
export type AskHome = (
  op: number,
  rest: readonly unknown[],
  bytes: number,
  options: CallOptions | undefined,
) => Promise<unknown>;

export class BranchExecutor implements TableExecutor {
  readonly #ask: AskHome;
  readonly #storedEntries: StoredEntries;
  readonly #check: () => void;
  readonly #updates = new KeyUpdates<string>();

  /** `check` throws when the branch has ended. */
  constructor(ask: AskHome, storedEntries: StoredEntries, check: () => void) {
    this.#ask = ask;
    this.#storedEntries = storedEntries;
    this.#check = check;
  }

  one(
    op: OneKeyOp,
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    args: readonly unknown[],
    bytes: number,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    return this.#ask(BranchOp.one, [op, table.id, key, partition, args], bytes + keyBytes(key), options);
  }

  async getMany(table: TableHandle, keys: readonly PlacedKey[], options?: CallOptions): Promise<unknown[]> {
    return (await this.#ask(BranchOp.getMany, ...withKeys(table, keys), options)) as unknown[];
  }

  async setMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    bytes: number,
    options?: CallOptions,
  ): Promise<void> {
    const [rest, keysBytes] = withKeys(table, keys);
    await this.#ask(BranchOp.setMany, [...rest, values], keysBytes + bytes, options);
  }

  async insertMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    bytes: number,
    mode: InsertMode,
    options?: CallOptions,
  ): Promise<number[]> {
    const [rest, keysBytes] = withKeys(table, keys);
    const message = [...rest, values, mode];
    return (await this.#ask(BranchOp.insertMany, message, keysBytes + bytes, options)) as number[];
  }

  /** The function runs here; the key stays locked with the transaction. */
  update(
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    change: ValueChange,
    options?: CallOptions,
  ): Promise<unknown> {
    const name = `${table.id} ${typeof key} ${String(key)}`;
    return this.#updates.inTurn(name, () => this.#update(table, { key, partition }, change, options));
  }

  async #update(
    table: TableHandle,
    { key, partition }: PlacedKey,
    change: ValueChange,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    await this.#ask(BranchOp.lock, ...withKeys(table, [{ key, partition }]), options);
    const current = await this.one(TableOp.get, table, key, partition, [], 0, options);
    const value = await change(current);
    const answer = copyValue(value, 'value');
    if (value !== undefined)
      await this.one(TableOp.set, table, key, partition, [value], copiedBytes(), options);
    else if (current !== undefined) await this.one(TableOp.delete, table, key, partition, [], 0, options);
    return answer;
  }

  async deleteMany(table: TableHandle, keys: readonly PlacedKey[], options?: CallOptions): Promise<number> {
    return (await this.#ask(BranchOp.deleteMany, ...withKeys(table, keys), options)) as number;
  }

  async clear(table: TableHandle, options?: CallOptions): Promise<void> {
    await this.#ask(BranchOp.clear, [table.id], 0, options);
  }

  async size(table: TableHandle, options: CallOptions | undefined, range?: ScanRange): Promise<number> {
    let size = 0;
    for await (const page of this.scan(table, Part.keys, options, range)) size += page.length;
    return size;
  }

  async *scan(
    table: TableHandle,
    part: ScanPart,
    options: CallOptions | undefined,
    range?: ScanRange,
  ): AsyncIterable<readonly unknown[]> {
    const asked = range === undefined ? [] : [...toWireRange(range), range.partition];
    const own = fromMessage((await this.#ask(BranchOp.scan, [table.id, ...asked], 0, options)) as unknown[]);
    yield* layOver(own, part, () => this.#storedEntries(table, options, range), this.#check);
  }
}

/** [table, placed], and about how large that is. */
function withKeys(table: TableHandle, keys: readonly PlacedKey[]): [rest: unknown[], bytes: number] {
  let bytes = 0;
  const placed: unknown[] = [];
  for (const { key, partition } of keys) {
    placed.push(key, partition);
    bytes += keyBytes(key) + 3;
  }
  return [[table.id, placed], bytes];
}
