/** A value as an SQL store gives it back; which of them stands for what, the accessors below know. */
export type SqlValue = null | string | number | bigint | boolean | Uint8Array;

export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A value bound to a statement. */
export type SqlParameter = string | number | null;

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

/** SQLite has 1 and 0 where PostgreSQL has truth values. */
export function flag(row: SqlRow, column: string): boolean {
  const value = row[column];
  return typeof value === "boolean" ? value : integer(row, column) === 1;
}

/** SQLite gives a whole double as it gives an integer: as a number. */
export function double(row: SqlRow, column: string): number {
  return integer(row, column);
}

export function doubleOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null ? null : double(row, column);
}
