import type { Page, PageRequest } from "../runner/page.ts";
import type { Tables } from "../runner/projection.ts";

/** The read model of equity curves: one point for each assessment of a portfolio. */
export const tables = {
  points: {
    key: { portfolioId: "text", atMs: "integer", sequence: "integer" },
    columns: { equity: "decimal", nav: "double", drawdown: "double", complete: "boolean" },
    immutable: true,
  },
} as const satisfies Tables;

export interface EquityPoint {
  readonly atMs: number;
  readonly sequence: number;
  /** In the base currency, decimal text. */
  readonly equity: string;
  /** Equity per unit, which flows do not change; 1 at the beginning. */
  readonly nav: number;
  /** 1 − NAV / its peak. */
  readonly drawdown: number;
  /** False: a price was missing, and NAV is that of before. */
  readonly complete: boolean;
}

export interface EquityPlace {
  readonly atMs: number;
  readonly sequence: number;
}

export interface EquityRange {
  /** Inclusive. */
  readonly fromMs: number | null;
  /** Exclusive. */
  readonly toMs: number | null;
}

/** What can be asked of the read model; one adapter per server behind it. */
export interface EquityCurveReader {
  /** By time; null: the portfolio was never assessed. */
  points(
    portfolioId: string,
    range: EquityRange,
    page: PageRequest<EquityPlace> & { readonly newestFirst?: boolean },
  ): Promise<Page<EquityPoint, EquityPlace> | null>;
}
