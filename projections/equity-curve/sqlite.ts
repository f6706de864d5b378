import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { timeOrdered } from "../runner/sql-conditions.ts";
import type { TableIndex } from "../runner/stored-table.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
import { pointOf } from "./rows.ts";
import type { EquityCurveReader, EquityPlace, EquityPoint, EquityRange } from "./store.ts";

/** The primary key serves every query. */
export const indexes: readonly TableIndex[] = [];

/** The equity-curve read model in SQLite. */
export class SqliteEquityCurveReader implements EquityCurveReader {
  readonly #queries: SqliteQueries;

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
  }

  async points(
    portfolioId: string,
    { fromMs, toMs }: EquityRange,
    {
      after,
      limit,
      newestFirst = false,
    }: PageRequest<EquityPlace> & { readonly newestFirst?: boolean },
  ): Promise<Page<EquityPoint, EquityPlace> | null> {
    const any = "SELECT 1 FROM points WHERE portfolioId = ? LIMIT 1";
    if (this.#queries.get(any, [portfolioId]) === null) return null;
    const ordered = timeOrdered({
      columns: ["atMs", "sequence"],
      after: after === null ? null : [after.atMs, after.sequence],
      newestFirst,
      fromMs: fromMs ?? undefined,
      toMs: toMs ?? undefined,
    });
    const rows = this.#queries.all(
      `SELECT * FROM points WHERE portfolioId = ? AND ${ordered.sql}
       ORDER BY ${ordered.orderBy} LIMIT ?`,
      [portfolioId, ...ordered.values, limit + 1],
    );
    return pageOf(rows.map(pointOf), limit, ({ atMs, sequence }) => ({ atMs, sequence }));
  }
}
