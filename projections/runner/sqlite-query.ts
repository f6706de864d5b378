import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";

export type SqlRow = Readonly<Record<string, SQLOutputValue>>;

/** SQL with its values bound, never concatenated; each text is prepared once per connection. */
export class SqliteQueries {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  all(sql: string, values: readonly SQLInputValue[] = []): SqlRow[] {
    return this.#prepare(sql).all(...values);
  }

  get(sql: string, values: readonly SQLInputValue[] = []): SqlRow | null {
    return this.#prepare(sql).get(...values) ?? null;
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** Columns of a row as what their declaration says; a wrong type is a bug and throws. */
export function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw new TypeError(`${column} is no text: ${value}`);
}

export function textOrNull(row: SqlRow, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function integer(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  throw new TypeError(`${column} is no number: ${value}`);
}

export function integerOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null ? null : integer(row, column);
}

export function flag(row: SqlRow, column: string): boolean {
  return integer(row, column) === 1;
}

/** SQLite gives a whole double as it gives an integer: as a number. */
export function double(row: SqlRow, column: string): number {
  return integer(row, column);
}

export function doubleOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null ? null : double(row, column);
}
