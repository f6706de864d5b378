import type { TableIndex } from "../runner/stored-table.ts";

/** The order of usage over all portfolios. */
export const byUsage: TableIndex = {
  table: "limitValues",
  columns: ["usage", "portfolioId", "limitId"],
};

/** What the queries need beside the primary keys, in every store. */
export const indexes: readonly TableIndex[] = [byUsage];
