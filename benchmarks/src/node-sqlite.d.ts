/** What is used of `node:sqlite`, which the types of the oldest supported Node don't know. */
declare module 'node:sqlite' {
  type SqlValue = null | number | string;
  type Row = Record<string, SqlValue>;

  export class StatementSync {
    run(...values: SqlValue[]): unknown;
    get(...values: SqlValue[]): Row | undefined;
    all(...values: SqlValue[]): Row[];
    iterate(...values: SqlValue[]): Iterable<Row>;
  }

  export class DatabaseSync {
    constructor(path: string);
    exec(sql: string): void;
    prepare(sql: string): StatementSync;
    close(): void;
  }
}
