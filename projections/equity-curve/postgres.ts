import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { timeOrdered } from "../runner/sql-conditions.ts";
import type { PostgresQueries } from "../stores/postgres/query.ts";
import { pointOf } from "./rows.ts";
import type { EquityCurveReader, EquityPlace, EquityPoint, EquityRange } from "./store.ts";

/** The equity-curve read model in PostgreSQL. */
export class PostgresEquityCurveReader implements EquityCurveReader {
  readonly #queries: PostgresQueries;

  constructor(queries: PostgresQueries) {
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
    const any = 'SELECT 1 FROM points WHERE "portfolioId" = ? LIMIT 1';
    if ((await this.#queries.get(any, [portfolioId])) === null) return null;
    const ordered = timeOrdered({
      columns: ['"atMs"', "sequence"],
      after: after === null ? null : [after.atMs, after.sequence],
      newestFirst,
      fromMs: fromMs ?? undefined,
      toMs: toMs ?? undefined,
    });
    const rows = await this.#queries.all(
      `SELECT * FROM points WHERE "portfolioId" = ? AND ${ordered.sql}
       ORDER BY ${ordered.orderBy} LIMIT ?`,
      [portfolioId, ...ordered.values, limit + 1],
    );
    return pageOf(rows.map(pointOf), limit, ({ atMs, sequence }) => ({ atMs, sequence }));
  }
}
