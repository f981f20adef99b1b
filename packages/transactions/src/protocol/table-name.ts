/** What people are told a table is called. Tables that no user has defined have numbers without a definition. */
import type { Definitions } from '@troupe/core';

export function tableName(table: number, definitions: Definitions): string {
  return definitions.all('table')[table]?.name ?? `(internal ${table})`;
}
