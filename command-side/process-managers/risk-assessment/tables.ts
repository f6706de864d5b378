import type { Tables } from "../../../projections/runner/projection.ts";
import { causeColumns } from "../manager.ts";

/** What the manager knows of portfolios and prices, and what is due. */
export const tables = {
  portfolios: {
    key: { portfolioId: "text" },
    columns: { baseCurrency: "text" },
    immutable: true,
  },
  /** The newest event of each portfolio. */
  versions: { key: { portfolioId: "text" }, columns: { sequence: "integer" } },
  /** Only assets that are held. */
  holdings: { key: { portfolioId: "text", asset: "text" }, columns: { quantity: "decimal" } },
  /** Deposits less withdrawals since opening. */
  flows: { key: { portfolioId: "text", asset: "text" }, columns: { net: "decimal" } },
  /** Spot instruments alone: contracts are no assets. */
  instruments: {
    key: { instrumentId: "text" },
    columns: { base: "text", quote: "text" },
    immutable: true,
  },
  /** The latest trade by event time. */
  prices: {
    key: { instrumentId: "text" },
    columns: { price: "decimal", atMs: "integer" },
  },
  /** Portfolios with events that no assessment was planned for: several events share one. */
  duePortfolios: {
    key: { portfolioId: "text" },
    columns: { sequence: "integer", ...causeColumns },
  },
  /** Minutes in which live ticks moved an instrument's price. */
  dueMinutes: { key: { openTimeMs: "integer", instrumentId: "text" }, columns: causeColumns },
  /** Instruments of which an import has closed its candles. */
  dueImports: { key: { instrumentId: "text" }, columns: causeColumns },
} as const satisfies Tables;
