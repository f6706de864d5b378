import type { SqlParameter } from "./sql-row.ts";

/** Conditions of a query, written in the code, with the values to bind. */
export interface Conditions {
  /** Joined by AND. */
  readonly sql: string;
  readonly values: readonly SqlParameter[];
}

/** `[["asset = ?", asset], …]`; a condition whose value is undefined or null is left out. */
export function conditions(
  all: readonly (readonly [sql: string, value: SqlParameter | undefined])[],
): Conditions {
  const given = all.filter(([, value]) => value !== undefined && value !== null);
  return {
    sql: given.map(([sql]) => sql).join(" AND "),
    values: given.map(([, value]) => value as SqlParameter),
  };
}

/** A page of rows within a stretch of time, in the order of time and further columns. */
export interface TimeOrderedPage {
  /** The first of them holds the time, epoch ms. */
  readonly columns: readonly string[];
  /** Values of the columns after which the page begins; `null` on the first page. */
  readonly after: readonly number[] | null;
  readonly newestFirst?: boolean | undefined;
  /** Inclusive. */
  readonly fromMs?: number | undefined;
  /** Exclusive. */
  readonly toMs?: number | undefined;
}

/**
 * The conditions and the order of such a page. Of the place after which it begins and the bound of
 * the range on the same side, only the narrower is asked for: with both, SQLite seeks by the bound
 * and reads the rows of all earlier pages again.
 */
export function timeOrdered(page: TimeOrderedPage): Conditions & { readonly orderBy: string } {
  const { columns, after, newestFirst = false, fromMs, toMs } = page;
  const [timeColumn = ""] = columns;
  const place = isWithin(page) ? after : null;
  const bounds = conditions([
    [`${timeColumn} >= ?`, place === null || newestFirst ? fromMs : undefined],
    [`${timeColumn} < ?`, place === null || !newestFirst ? toMs : undefined],
  ]);
  const places = columns.map(() => "?").join(", ");
  const beyond = `(${columns.join(", ")}) ${newestFirst ? "<" : ">"} (${places})`;
  const parts = ["TRUE", bounds.sql, place === null ? "" : beyond].filter((sql) => sql !== "");
  const direction = newestFirst ? "DESC" : "ASC";
  return {
    sql: parts.join(" AND "),
    values: [...bounds.values, ...(place ?? [])],
    orderBy: columns.map((column) => `${column} ${direction}`).join(", "),
  };
}

function isWithin({ after, newestFirst, fromMs, toMs }: TimeOrderedPage): boolean {
  const [timeMs] = after ?? [];
  if (timeMs === undefined) return false;
  return newestFirst
    ? toMs === undefined || timeMs < toMs
    : fromMs === undefined || timeMs >= fromMs;
}
