import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { conditions, timeOrdered } from "../runner/sql-conditions.ts";
import { type SqlRow, text } from "../runner/sql-row.ts";
import type { PostgresQueries } from "../stores/postgres/query.ts";
import { REALISED_TRADES_LIMIT, sumByDay } from "./realised.ts";
import {
  bookingOf,
  cashOf,
  holdingOf,
  ledgerEntryOf,
  openLotOf,
  summaryOf,
  tradeOf,
} from "./rows.ts";
import type {
  Cash,
  Holding,
  LedgerEntry,
  LedgerFilter,
  LedgerPlace,
  LotPlace,
  OpenLot,
  PortfolioReader,
  PortfolioSummary,
  RealisedProfit,
  RealisedRequest,
  Trade,
  TradeFilter,
  TradePlace,
} from "./store.ts";

/** The portfolios read model in PostgreSQL. */
export class PostgresPortfolioReader implements PortfolioReader {
  readonly #queries: PostgresQueries;

  constructor(queries: PostgresQueries) {
    this.#queries = queries;
  }

  async portfolios(page: PageRequest<string>): Promise<Page<PortfolioSummary, string>> {
    return this.#page(null, page);
  }

  async portfolio(portfolioId: string): Promise<PortfolioSummary | null> {
    const sql = `${SELECT_PORTFOLIOS} WHERE p."portfolioId" = ?`;
    const [summary] = await this.#summaries(await this.#queries.all(sql, [portfolioId]));
    return summary ?? null;
  }

  async portfoliosOf(
    owner: string,
    page: PageRequest<string>,
  ): Promise<Page<PortfolioSummary, string>> {
    return this.#page(owner, page);
  }

  async holdings(portfolioId: string): Promise<readonly Holding[]> {
    const sql = `SELECT * FROM holdings WHERE "portfolioId" = ? ORDER BY asset`;
    return (await this.#queries.all(sql, [portfolioId])).map(holdingOf);
  }

  async openLots(
    portfolioId: string,
    asset: string | null,
    page: PageRequest<LotPlace>,
  ): Promise<Page<OpenLot, LotPlace>> {
    const { after, limit } = page;
    const where = conditions([
      [`l."portfolioId" = ?`, portfolioId],
      ["l.asset = ?", asset],
    ]);
    const rows = await this.#queries.all(
      `SELECT l.*, h."firstOpenLot", h."firstOpenLotQuantity", h."firstOpenLotCost",
              h."firstOpenLotGrossCost"
       FROM holdings h JOIN lots l
         ON l."portfolioId" = h."portfolioId" AND l.asset = h.asset AND l.lot >= h."firstOpenLot"
       WHERE ${where.sql} AND h."firstOpenLot" > 0 AND (l.asset, l.lot) > (?, ?)
       ORDER BY l.asset, l.lot LIMIT ?`,
      [...where.values, after?.asset ?? "", after?.lot ?? 0, limit + 1],
    );
    return pageOf(rows.map(openLotOf), limit, ({ asset: of, lot }) => ({ asset: of, lot }));
  }

  /** Accounts are `assets:<asset>:free` and `assets:<asset>:locked`. */
  async cash(portfolioId: string): Promise<readonly Cash[]> {
    const rows = await this.#queries.all(
      `WITH of AS (SELECT ?::text AS id),
       money AS (
         SELECT p."baseCurrency" AS asset FROM portfolios p JOIN of ON p."portfolioId" = of.id
         UNION SELECT c.asset FROM currencies c JOIN of ON c."portfolioId" = of.id)
       SELECT money.asset, coalesce(f.balance, 0) AS free, coalesce(l.balance, 0) AS locked
       FROM of CROSS JOIN money
         LEFT JOIN accounts f
           ON f."portfolioId" = of.id AND f.account = 'assets:' || money.asset || ':free'
         LEFT JOIN accounts l
           ON l."portfolioId" = of.id AND l.account = 'assets:' || money.asset || ':locked'
       ORDER BY money.asset`,
      [portfolioId],
    );
    return rows.map(cashOf);
  }

  async ledger(
    portfolioId: string,
    filter: LedgerFilter,
    page: PageRequest<LedgerPlace>,
  ): Promise<Page<LedgerEntry, LedgerPlace>> {
    const { after, limit } = page;
    const where = conditions([
      [`"portfolioId" = ?`, portfolioId],
      ["account = ?", filter.account],
      ["asset = ?", filter.asset],
    ]);
    const rows = await this.#queries.all(
      `SELECT * FROM ledger WHERE ${where.sql} AND (sequence, posting) > (?, ?)
       ORDER BY sequence, posting LIMIT ?`,
      [...where.values, after?.sequence ?? 0, after?.posting ?? -1, limit + 1],
    );
    const placeOf = ({ sequence, posting }: LedgerEntry) => ({ sequence, posting });
    return pageOf(rows.map(ledgerEntryOf), limit, placeOf);
  }

  async trades(
    portfolioId: string,
    filter: TradeFilter,
    page: PageRequest<TradePlace> & { readonly newestFirst?: boolean },
  ): Promise<Page<Trade, TradePlace>> {
    const { after, limit, newestFirst } = page;
    const where = conditions([
      [`t."portfolioId" = ?`, portfolioId],
      [`t."instrumentId" = ?`, filter.instrumentId],
    ]);
    const inOrder = timeOrdered({
      columns: [`t."occurredAtMs"`, `t."tradeNumber"`],
      after: after === null ? null : [after.occurredAtMs, after.tradeNumber],
      newestFirst,
      fromMs: filter.fromMs,
      toMs: filter.toMs,
    });
    const rows = await this.#queries.all(
      `SELECT t.*, r.reason AS "reversedReason", r."occurredAtMs" AS "reversedAtMs"
       FROM trades t LEFT JOIN reversals r USING ("portfolioId", "tradeNumber")
       WHERE ${where.sql} AND ${inOrder.sql} ORDER BY ${inOrder.orderBy} LIMIT ?`,
      [...where.values, ...inOrder.values, limit + 1],
    );
    return pageOf(rows.map(tradeOf), limit, ({ occurredAtMs, tradeNumber }) => {
      return { occurredAtMs, tradeNumber };
    });
  }

  async realised(
    portfolioId: string,
    request: RealisedRequest,
  ): Promise<readonly RealisedProfit[]> {
    const where = conditions([
      [`"portfolioId" = ?`, portfolioId],
      [`"instrumentId" = ?`, request.instrumentId],
      [`"occurredAtMs" >= ?`, request.fromMs],
      [`"occurredAtMs" < ?`, request.toMs],
    ]);
    const booked = `"instrumentId", "occurredAtMs", "realisedNet", "realisedGross", "feeRealised"`;
    const rows = await this.#queries.all(
      `SELECT ${booked}, 'trade' AS kind FROM trades WHERE ${where.sql}
       UNION ALL SELECT ${booked}, 'reversal' FROM reversals WHERE ${where.sql} LIMIT ?`,
      [...where.values, ...where.values, REALISED_TRADES_LIMIT + 1],
    );
    return sumByDay(rows.map(bookingOf), request.zone);
  }

  async #page(
    owner: string | null,
    page: PageRequest<string>,
  ): Promise<Page<PortfolioSummary, string>> {
    const where = conditions([
      ["p.owner = ?", owner],
      [`p."portfolioId" > ?`, page.after ?? ""],
    ]);
    const sql = `${SELECT_PORTFOLIOS} WHERE ${where.sql} ORDER BY p."portfolioId" LIMIT ?`;
    const rows = await this.#queries.all(sql, [...where.values, page.limit + 1]);
    const found = await this.#summaries(rows);
    return pageOf(found, page.limit, ({ portfolioId }) => portfolioId);
  }

  /** The holdings of all portfolios come in one journey to the server. */
  async #summaries(rows: readonly SqlRow[]): Promise<PortfolioSummary[]> {
    if (rows.length === 0) return [];
    const ids = rows.map((row) => text(row, "portfolioId"));
    const sql = `SELECT * FROM holdings WHERE "portfolioId" = ANY (?::text[]) ORDER BY asset`;
    const found = await this.#queries.all(sql, [ids]);
    const holdings = Map.groupBy(found, (row) => text(row, "portfolioId"));
    return rows.map((row) => {
      return summaryOf(row, (holdings.get(text(row, "portfolioId")) ?? []).map(holdingOf));
    });
  }
}

const SELECT_PORTFOLIOS = `
  SELECT p.*, v.version, v."changedAtMs", c."closedAtMs", c.reason AS "closedReason"
  FROM portfolios p JOIN versions v USING ("portfolioId")
    LEFT JOIN closings c USING ("portfolioId")`;
