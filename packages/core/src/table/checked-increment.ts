/** The arguments of `increment`; and `increment` of a table with a schema, which must see the sum before it is stored. */
import { mustBe } from '../errors/argument.ts';
import type { StorageKey } from '../key/key.ts';
import { copyToStore } from './copy-to-store.ts';
import { TableOp } from './messages.ts';
import { applyOperation, WriteSlot } from './operation.ts';
import type { TableHandle, ValueChange } from './table-executor.ts';

/** Throws INVALID_ARGUMENT unless both are what can be counted with, and of one kind. */
export function checkIncrement(by: unknown, initial: unknown): void {
  mustBeCountable(by, 'by');
  mustBeCountable(initial, 'initial');
  if (by !== undefined && initial !== undefined && typeof by !== typeof initial) {
    mustBe(false, 'initial', `a ${typeof by} like \`by\``, initial);
  }
}

/** An increment as a change of the value, where its owner can't do it alone. */
export function incrementAsChange(
  { definition }: TableHandle,
  key: StorageKey,
  args: readonly unknown[],
): ValueChange {
  return async (current) => {
    const sum = applyOperation(TableOp.increment, key, current, args, 0, new WriteSlot());
    return copyToStore(sum, 'the sum', definition);
  };
}

function mustBeCountable(value: unknown, name: string): void {
  const isCountable = value === undefined || typeof value === 'bigint' || Number.isFinite(value);
  mustBe(isCountable, name, 'a finite number or a bigint', value);
}
