import type { CustomTypesConfig } from "pg";
import type { SqlValue } from "../../runner/sql-row.ts";

/** Object ids of PostgreSQL's types, which never change. */
const BOOLEAN = 16;
const INTEGERS: ReadonlySet<number> = new Set([20, 21, 23]);
const DOUBLES: ReadonlySet<number> = new Set([700, 701]);

/**
 * How values are read: of one client, never of the whole process. `numeric` stays text to its last
 * digit, `json` the text that was written; a `bigint` that a number cannot hold is refused.
 */
export const postgresTypes: CustomTypesConfig = {
  getTypeParser: ((type: number) => parserOf(type)) as CustomTypesConfig["getTypeParser"],
};

function parserOf(type: number): (text: string) => SqlValue {
  if (INTEGERS.has(type)) return safeInteger;
  if (DOUBLES.has(type)) return Number;
  if (type === BOOLEAN) return (text) => text === "t";
  return (text) => text;
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`PostgreSQL gave an integer beyond 2^53: ${text}`);
}
