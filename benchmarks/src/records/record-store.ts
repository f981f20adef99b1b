/** Records of ten fields, as YCSB knows them: what a client of a key-value table does. */

export type Fields = Readonly<Record<string, string>>;

export interface RecordStore {
  load(records: Iterable<readonly [string, Fields]>): Promise<void>;
  read(key: string): Promise<Fields | undefined>;
  /** Changes one field. */
  update(key: string, field: string, value: string): Promise<unknown>;
  insert(key: string, record: Fields): Promise<unknown>;
  /** Up to `count` records from `from` on, in the order of their keys. */
  scan(from: string, count: number): Promise<readonly Fields[]>;
  /** Reads the record and writes one field, which may be one step or two. */
  modify(key: string, field: string, value: string): Promise<unknown>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export const fieldNames = Array.from({ length: 10 }, (_, index) => `field${index}`);
const fieldLength = 100;

/** Keys of one length, so that their order is the order of their numbers. */
export function keyOf(index: number): string {
  return `user${String(index).padStart(10, '0')}`;
}

/** The number in a key. */
export function indexOf(key: string): number {
  return Number(key.slice(4));
}

/** A value that says whose it is. */
export function textOf(key: string, version: number): string {
  return `${key}:${version}:`.padEnd(fieldLength, 'x');
}

export function recordOf(key: string): Fields {
  return Object.fromEntries(fieldNames.map((field) => [field, textOf(key, 0)]));
}

/** Throws unless it is a whole record of this key. */
export function mustBeRecord(record: Fields | undefined, key: string): void {
  if (record === undefined) throw new Error(`there is no record ${key}`);
  for (const field of fieldNames) {
    const value = record[field];
    if (value?.length !== fieldLength || !value.startsWith(key)) {
      throw new Error(`${field} of ${key} is ${String(value)}`);
    }
  }
}
