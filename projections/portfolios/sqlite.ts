import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { conditions, timeOrdered } from "../runner/sql-conditions.ts";
import { type SqlRow, text } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
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

/** The portfolios read model in SQLite. */
export class SqlitePortfolioReader implements PortfolioReader {
  readonly #queries: SqliteQueries;

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
  }

  async portfolios(page: PageRequest<string>): Promise<Page<PortfolioSummary, string>> {
    return this.#page(null, page);
  }

  async portfolio(portfolioId: string): Promise<PortfolioSummary | null> {
    const row = this.#queries.get(`${SELECT_PORTFOLIOS} WHERE portfolioId = ?`, [portfolioId]);
    return row === null ? null : this.#summary(row);
  }

  async portfoliosOf(
    owner: string,
    page: PageRequest<string>,
  ): Promise<Page<PortfolioSummary, string>> {
    return this.#page(owner, page);
  }

  async holdings(portfolioId: string): Promise<readonly Holding[]> {
    return this.#holdings(portfolioId);
  }

  async openLots(
    portfolioId: string,
    asset: string | null,
    page: PageRequest<LotPlace>,
  ): Promise<Page<OpenLot, LotPlace>> {
    const { after, limit } = page;
    const where = conditions([
      ["l.portfolioId = ?", portfolioId],
      ["l.asset = ?", asset],
    ]);
    const rows = this.#queries.all(
      `SELECT l.*, h.firstOpenLot, h.firstOpenLotQuantity, h.firstOpenLotCost,
              h.firstOpenLotGrossCost
       FROM holdings h CROSS JOIN lots l
         ON l.portfolioId = h.portfolioId AND l.asset = h.asset AND l.lot >= h.firstOpenLot
       WHERE ${where.sql} AND h.firstOpenLot > 0 AND (l.asset, l.lot) > (?, ?)
       ORDER BY h.asset, l.lot LIMIT ?`,
      [...where.values, after?.asset ?? "", after?.lot ?? 0, limit + 1],
    );
    return pageOf(rows.map(openLotOf), limit, ({ asset: of, lot }) => ({ asset: of, lot }));
  }

  /** Accounts are `assets:<asset>:free` and `assets:<asset>:locked`. */
  async cash(portfolioId: string): Promise<readonly Cash[]> {
    const rows = this.#queries.all(
      `WITH money AS (
         SELECT baseCurrency AS asset FROM portfolios WHERE portfolioId = ?1
         UNION SELECT asset FROM currencies WHERE portfolioId = ?1)
       SELECT money.asset AS asset, coalesce(f.balance, '0') AS free, coalesce(l.balance, '0') AS locked
       FROM money
         LEFT JOIN accounts f ON f.portfolioId = ?1 AND f.account = 'assets:' || money.asset || ':free'
         LEFT JOIN accounts l ON l.portfolioId = ?1 AND l.account = 'assets:' || money.asset || ':locked'
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
      ["portfolioId = ?", portfolioId],
      ["account = ?", filter.account],
      ["asset = ?", filter.asset],
    ]);
    const rows = this.#queries.all(
      `SELECT * FROM ledger ${ledgerIndex(filter)}
       WHERE ${where.sql} AND (sequence, posting) > (?, ?)
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
      ["t.portfolioId = ?", portfolioId],
      ["t.instrumentId = ?", filter.instrumentId],
    ]);
    const inOrder = timeOrdered({
      columns: ["t.occurredAtMs", "t.tradeNumber"],
      after: after === null ? null : [after.occurredAtMs, after.tradeNumber],
      newestFirst,
      fromMs: filter.fromMs,
      toMs: filter.toMs,
    });
    const rows = this.#queries.all(
      `SELECT t.*, r.reason AS reversedReason, r.occurredAtMs AS reversedAtMs
       FROM trades t ${filter.instrumentId === undefined ? "" : BY_INSTRUMENT}
         LEFT JOIN reversals r USING (portfolioId, tradeNumber)
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
      ["portfolioId = ?", portfolioId],
      ["instrumentId = ?", request.instrumentId],
      ["occurredAtMs >= ?", request.fromMs],
      ["occurredAtMs < ?", request.toMs],
    ]);
    const rows = this.#queries.all(
      `SELECT instrumentId, occurredAtMs, realisedNet, realisedGross, feeRealised, 'trade' AS kind
       FROM trades WHERE ${where.sql}
       UNION ALL
       SELECT instrumentId, occurredAtMs, realisedNet, realisedGross, feeRealised, 'reversal'
       FROM reversals WHERE ${where.sql} LIMIT ?`,
      [...where.values, ...where.values, REALISED_TRADES_LIMIT + 1],
    );
    return sumByDay(rows.map(bookingOf), request.zone);
  }

  #page(owner: string | null, page: PageRequest<string>): Page<PortfolioSummary, string> {
    const where = conditions([
      ["owner = ?", owner],
      ["portfolioId > ?", page.after ?? ""],
    ]);
    const sql = `${SELECT_PORTFOLIOS} WHERE ${where.sql} ORDER BY portfolioId LIMIT ?`;
    const rows = this.#queries.all(sql, [...where.values, page.limit + 1]);
    const found = rows.map((row) => this.#summary(row));
    return pageOf(found, page.limit, ({ portfolioId }) => portfolioId);
  }

  #summary(row: SqlRow): PortfolioSummary {
    return summaryOf(row, this.#holdings(text(row, "portfolioId")));
  }

  #holdings(portfolioId: string): Holding[] {
    const sql = "SELECT * FROM holdings WHERE portfolioId = ? ORDER BY asset";
    return this.#queries.all(sql, [portfolioId]).map(holdingOf);
  }
}

/** Without statistics SQLite takes the primary key, and would read all that lies between. */
const BY_INSTRUMENT = 'INDEXED BY "trades_by_portfolioId_instrumentId_occurredAtMs_tradeNumber"';

function ledgerIndex({ account, asset }: LedgerFilter): string {
  if (account !== undefined) return 'INDEXED BY "ledger_by_portfolioId_account_sequence_posting"';
  return asset === undefined ? "" : 'INDEXED BY "ledger_by_portfolioId_asset_sequence_posting"';
}

const SELECT_PORTFOLIOS = `
  SELECT p.*, v.version, v.changedAtMs, c.closedAtMs, c.reason AS closedReason
  FROM portfolios p JOIN versions v USING (portfolioId) LEFT JOIN closings c USING (portfolioId)`;
