/** Whether what is stored suits what a grid wants to keep. Pure. */
import { assert, type StorageShape } from '@troupe/core';
import type { CheckpointState } from './checkpoint/checkpoint-state.ts';
import { tablesMax } from './limits.ts';
import { storageError } from './storage-errors.ts';

export interface MatchedShape {
  readonly state: CheckpointState;
  /** Numbers of tables whose data goes. */
  readonly dropped: readonly number[];
  /** In the order of the shape. */
  readonly tableNumbers: readonly number[];
}

/** Throws StorageError STORAGE_SHAPE. */
export function matchShape(
  path: string,
  stored: CheckpointState,
  shape: StorageShape,
  dropTables: readonly string[],
): MatchedShape {
  const { partitionCount } = stored;
  if (partitionCount !== shape.partitionCount) {
    throw storageError(
      'STORAGE_SHAPE',
      path,
      `has ${partitionCount} partitions and the grid ${shape.partitionCount}. Start the grid with \`partitions: ` +
        `${partitionCount}\`, or make a copy with ${shape.partitionCount}: \`npx troupe repartition-storage PATH COPY --partitions ${shape.partitionCount} --module FILE\`.`,
      { details: { stored: partitionCount, wanted: shape.partitionCount } },
    );
  }
  const wanted = new Set(shape.tables);
  const missing = Object.keys(stored.tables).filter((name) => !wanted.has(name));
  const refused = missing.filter((name) => !dropTables.includes(name));
  if (refused.length > 0) {
    throw storageError(
      'STORAGE_SHAPE',
      path,
      `holds data of what is no longer defined: ${refused.join(', ')}. Define it again, or give its data up with ` +
        `\`dropTables: [${refused.map((name) => `'${name}'`).join(', ')}]\`.`,
      { details: { tables: refused } },
    );
  }
  return withTables(stored, shape.tables, missing);
}

function withTables(
  stored: CheckpointState,
  names: readonly string[],
  missing: readonly string[],
): MatchedShape {
  const tables: Record<string, number> = { ...stored.tables };
  let { nextTable } = stored;
  const dropped: number[] = [];
  for (const name of missing) {
    dropped.push(tables[name] as number);
    delete tables[name];
  }
  const tableNumbers: number[] = [];
  for (const name of names) {
    const number = (Object.hasOwn(tables, name) ? tables[name] : undefined) ?? nextTable++;
    Object.defineProperty(tables, name, {
      value: number,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    tableNumbers.push(number);
  }
  assert(nextTable <= tablesMax, 'a storage has had more tables than it has numbers for');
  return { state: { ...stored, tables, nextTable }, dropped, tableNumbers };
}
