/**
 * Operations of a read-only transaction that joined one that writes: reads go through, with its locks and its own
 * writes; writes are refused with READ_ONLY and leave both usable.
 */
import type { TableExecutor, TableHandle } from '@troupe/core';
import { isWrite, ReadOnlyError } from '@troupe/core';

export function readOnlyExecutor(inner: TableExecutor): TableExecutor {
  const refuse = (table: TableHandle): Promise<never> =>
    Promise.reject(
      new ReadOnlyError(`table '${table.definition.name}' can't be changed in a read-only transaction`, {
        details: { table: table.definition.name },
      }),
    );
  return {
    one: (op, table, ...rest) => (isWrite(op) ? refuse(table) : inner.one(op, table, ...rest)),
    getMany: (...args) => inner.getMany(...args),
    size: (...args) => inner.size(...args),
    scan: (...args) => inner.scan(...args),
    setMany: refuse,
    insertMany: refuse,
    update: refuse,
    deleteMany: refuse,
    clear: refuse,
  };
}
