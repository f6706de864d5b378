import type { TableIndex } from "../runner/stored-table.ts";

/** What the queries need beside the primary keys, in every SQL store. */
export const indexes: readonly TableIndex[] = [
  { table: "portfolios", columns: ["owner", "portfolioId"] },
  { table: "trades", columns: ["portfolioId", "occurredAtMs", "tradeNumber"] },
  { table: "trades", columns: ["portfolioId", "instrumentId", "occurredAtMs", "tradeNumber"] },
  { table: "reversals", columns: ["portfolioId", "occurredAtMs"] },
  { table: "ledger", columns: ["portfolioId", "account", "sequence", "posting"] },
  { table: "ledger", columns: ["portfolioId", "asset", "sequence", "posting"] },
];
