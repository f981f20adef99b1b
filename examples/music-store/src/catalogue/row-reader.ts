// Reads rows of a JSON document of which nothing is known yet, and says exactly what is wrong with it.
//
// Every complaint names the file, the array, the row and the field, so that the file can be mended with it.
import { InputError } from '../input-error.ts';
import { tryParseCents } from '../money.ts';

/** One row of one array. Each method reads a field or throws an `InputError` that names it. */
export class Row {
  readonly #place: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(place: string, fields: Readonly<Record<string, unknown>>) {
    this.#place = place;
    this.#fields = fields;
  }

  /** A whole number from 1, as ids and quantities are. */
  id(field: string): number {
    const value = this.#must(field);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
    return this.fail(field, 'a whole number above 0');
  }

  text(field: string): string {
    const value = this.#must(field);
    return typeof value === 'string' ? value : this.fail(field, 'a text');
  }

  /** A decimal amount of money, in cents. */
  cents(field: string): number {
    return tryParseCents(this.#must(field)) ?? this.fail(field, 'an amount with at most two decimals');
  }

  /** A date with or without a time, taken as UTC unless it names a zone; in milliseconds since 1970. */
  date(field: string): number {
    const text = this.text(field).replace(' ', 'T');
    const zoned = /T.*(?:Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T');
    const at = Date.parse(zoned ? text : `${text}Z`);
    return Number.isNaN(at) ? this.fail(field, 'a date') : at;
  }

  /** The row of another array that the field points to. */
  reference<T>(field: string, rows: ReadonlyMap<number, T>, array: string): T {
    return rows.get(this.id(field)) ?? this.fail(field, `the id of a row in "${array}"`);
  }

  /** Ends the reading with a complaint about a field. */
  fail(field: string, expected: string): never {
    throw new InputError(`${this.#place}.${field} is ${shown(this.#fields[field])}, expected ${expected}`);
  }

  #must(field: string): unknown {
    const value = this.#fields[field];
    if (value === undefined) throw new InputError(`${this.#place} has no field "${field}"`);
    return value;
  }
}

/** The rows of a named array of the document. */
export function readRows(document: unknown, array: string, file: string): Row[] {
  if (!isRecord(document)) throw new InputError(`${file}: expected a JSON object with an array per table`);
  const rows = document[array];
  if (!Array.isArray(rows)) throw new InputError(`${file}: no array "${array}"`);
  return rows.map((fields: unknown, index) => {
    const place = `${file}: ${array}[${index}]`;
    if (!isRecord(fields)) throw new InputError(`${place} is ${shown(fields)}, expected an object`);
    return new Row(place, fields);
  });
}

/** Rows by their id, each id once. */
export function readById<T>(rows: readonly Row[], idField: string, read: (row: Row) => T): Map<number, T> {
  const byId = new Map<number, T>();
  for (const row of rows) {
    const id = row.id(idField);
    if (byId.has(id)) row.fail(idField, 'an id that no earlier row has');
    byId.set(id, read(row));
  }
  return byId;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
