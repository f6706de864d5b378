import type { Page, PageRequest } from "../runner/page.ts";
import type { Tables } from "../runner/projection.ts";

/**
 * The read model of portfolios: what is written, one table per kind of fact. A row is written
 * whole by the last event that concerns it, so what two kinds of events know of one thing
 * (a portfolio and its closing, a trade and its reversal) stands in two tables.
 */
export const tables = {
  portfolios: {
    key: { portfolioId: "text" },
    columns: {
      owner: "text",
      name: "text",
      baseCurrency: "text",
      costMethod: "text",
      openedAtMs: "integer",
    },
    immutable: true,
  },
  closings: {
    key: { portfolioId: "text" },
    columns: { reason: "text", closedAtMs: "integer" },
    immutable: true,
  },
  /** The newest event of each portfolio. */
  versions: {
    key: { portfolioId: "text" },
    columns: { version: "integer", changedAtMs: "integer" },
  },
  holdings: {
    key: { portfolioId: "text", asset: "text" },
    columns: {
      quantity: "decimal",
      cost: "decimal",
      grossCost: "decimal",
      realisedNet: "decimal",
      realisedGross: "decimal",
      firstOpenLot: "integer",
      firstOpenLotQuantity: "decimal",
      firstOpenLotCost: "decimal",
      firstOpenLotGrossCost: "decimal",
      basisAssumed: "boolean",
      changedAtMs: "integer",
    },
  },
  /** Every lot ever opened; which of them are open is said by the holding. */
  lots: {
    key: { portfolioId: "text", asset: "text", lot: "integer" },
    columns: {
      quantity: "decimal",
      cost: "decimal",
      grossCost: "decimal",
      acquiredMs: "integer",
      basisAssumed: "boolean",
      openedBySequence: "integer",
    },
  },
  /** Which lots an event used up, for matching disposals with acquisitions. */
  consumptions: {
    key: { portfolioId: "text", sequence: "integer", asset: "text" },
    columns: {
      firstLot: "integer",
      lastLot: "integer",
      quantity: "decimal",
      cost: "decimal",
      grossCost: "decimal",
      occurredAtMs: "integer",
    },
    immutable: true,
  },
  /** Balances of the ledger's accounts. */
  accounts: {
    key: { portfolioId: "text", account: "text" },
    columns: { asset: "text", balance: "decimal" },
  },
  /** Assets that stood as quote currency of a trade, which makes them cash beside the base. */
  currencies: {
    key: { portfolioId: "text", asset: "text" },
    columns: {},
    immutable: true,
  },
  ledger: {
    key: { portfolioId: "text", sequence: "integer", posting: "integer" },
    columns: {
      account: "text",
      asset: "text",
      amount: "decimal",
      balance: "decimal",
      eventType: "text",
      reference: "text",
      occurredAtMs: "integer",
    },
    immutable: true,
  },
  transfers: {
    key: { portfolioId: "text", sequence: "integer" },
    columns: {
      kind: "text",
      asset: "text",
      amount: "decimal",
      unitCost: "decimal",
      externalReference: "text",
      basisAssumed: "boolean",
      occurredAtMs: "integer",
    },
    immutable: true,
  },
  trades: {
    key: { portfolioId: "text", tradeNumber: "integer" },
    columns: {
      sequence: "integer",
      instrumentId: "text",
      exchange: "text",
      base: "text",
      quote: "text",
      tradeId: "text",
      side: "text",
      price: "decimal",
      quantity: "decimal",
      quoteAmount: "decimal",
      fee: "decimal",
      feeCurrency: "text",
      feeRate: "decimal",
      quoteRate: "decimal",
      liquidity: "text",
      strategyId: "text",
      copiedFrom: "text",
      effect: "text",
      realisedNet: "decimal",
      realisedGross: "decimal",
      basis: "decimal",
      feeValue: "decimal",
      feeRealised: "decimal",
      valued: "boolean",
      assumedBase: "decimal",
      assumedQuote: "decimal",
      assumedFee: "decimal",
      outOfOrder: "boolean",
      occurredAtMs: "integer",
    },
    immutable: true,
  },
  reversals: {
    key: { portfolioId: "text", tradeNumber: "integer" },
    columns: {
      instrumentId: "text",
      reason: "text",
      realisedNet: "decimal",
      realisedGross: "decimal",
      feeRealised: "decimal",
      occurredAtMs: "integer",
    },
    immutable: true,
  },
} as const satisfies Tables;

/** Decimals are canonical text; `…AtMs` and `…Ms` are epoch ms. */
export interface PortfolioSummary {
  readonly portfolioId: string;
  readonly owner: string | null;
  readonly name: string;
  readonly baseCurrency: string;
  readonly costMethod: string;
  readonly status: "open" | "closed";
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly closedReason: string | null;
  /** The portfolio's sequence: its version for `If-Match`. */
  readonly version: number;
  readonly changedAtMs: number;
  /** Assets of which something is held. */
  readonly assets: number;
  /** Cost basis of all holdings, in the base currency. */
  readonly cost: string;
  /** Realised since opening, in the base currency, over all assets. */
  readonly realisedNet: string;
  readonly realisedGross: string;
  /** Some holding came without a known basis: the figures rest on an assumption. */
  readonly basisAssumed: boolean;
}

export interface Holding {
  readonly asset: string;
  readonly quantity: string;
  readonly cost: string;
  readonly grossCost: string;
  /** cost / quantity, rounded once; `null` when nothing is held. */
  readonly averageCost: string | null;
  readonly averageGrossCost: string | null;
  readonly realisedNet: string;
  readonly realisedGross: string;
  readonly basisAssumed: boolean;
  readonly changedAtMs: number;
}

export interface OpenLot {
  readonly asset: string;
  readonly lot: number;
  /** What is left of the lot, with its share of the cost. */
  readonly quantity: string;
  readonly cost: string;
  readonly grossCost: string;
  /** As it was acquired. */
  readonly openedQuantity: string;
  readonly openedCost: string;
  readonly acquiredMs: number;
  readonly basisAssumed: boolean;
}

export interface LotPlace {
  readonly asset: string;
  readonly lot: number;
}

/** An asset used as money: the base currency and every quote currency traded against. */
export interface Cash {
  readonly asset: string;
  readonly free: string;
  readonly locked: string;
  readonly total: string;
}

export interface LedgerEntry {
  readonly sequence: number;
  readonly posting: number;
  readonly account: string;
  readonly asset: string;
  readonly amount: string;
  /** Of the account, after this posting. */
  readonly balance: string;
  readonly eventType: string;
  /** The trade id or the external reference of the movement; empty where it has none. */
  readonly reference: string;
  readonly occurredAtMs: number;
}

export interface LedgerPlace {
  readonly sequence: number;
  readonly posting: number;
}

export interface LedgerFilter {
  readonly account?: string;
  readonly asset?: string;
}

export interface Trade {
  readonly tradeNumber: number;
  readonly sequence: number;
  readonly instrumentId: string;
  readonly exchange: string;
  readonly base: string;
  readonly quote: string;
  readonly tradeId: string;
  readonly side: string;
  readonly price: string;
  readonly quantity: string;
  readonly quoteAmount: string;
  readonly fee: string;
  readonly feeCurrency: string;
  readonly feeRate: string | null;
  readonly quoteRate: string | null;
  readonly liquidity: string;
  readonly strategyId: string | null;
  readonly copiedFrom: string | null;
  readonly effect: string;
  readonly realisedNet: string;
  readonly realisedGross: string;
  readonly basis: string;
  readonly feeValue: string | null;
  readonly feeRealised: string;
  readonly valued: boolean;
  readonly assumedBase: string;
  readonly assumedQuote: string;
  readonly assumedFee: string;
  readonly outOfOrder: boolean;
  readonly occurredAtMs: number;
  /** Set when the trade was undone. */
  readonly reversed: { readonly reason: string; readonly occurredAtMs: number } | null;
}

export interface TradePlace {
  readonly occurredAtMs: number;
  readonly tradeNumber: number;
}

export interface TradeFilter {
  readonly instrumentId?: string;
  /** Inclusive. */
  readonly fromMs?: number;
  /** Exclusive. */
  readonly toMs?: number;
}

export interface RealisedRequest {
  /** Inclusive. */
  readonly fromMs: number | null;
  /** Exclusive. */
  readonly toMs: number | null;
  readonly instrumentId: string | null;
  /** IANA name or `UTC`: where the day begins. */
  readonly zone: string;
}

/** Realised on one calendar day with one instrument; a reversal counts on its own day. */
export interface RealisedProfit {
  /** `2024-08-08` in the zone that was asked for. */
  readonly day: string;
  readonly instrumentId: string;
  readonly realisedNet: string;
  readonly realisedGross: string;
  /** Realised beside it on assets that third-asset fees were paid in. */
  readonly feeRealised: string;
  readonly trades: number;
  readonly reversals: number;
}

/** What can be asked of the read model; one adapter per server behind it. */
export interface PortfolioReader {
  portfolios(page: PageRequest<string>): Promise<Page<PortfolioSummary, string>>;
  portfolio(portfolioId: string): Promise<PortfolioSummary | null>;
  /** Of one owner, in order of their ids. */
  portfoliosOf(owner: string, page: PageRequest<string>): Promise<Page<PortfolioSummary, string>>;
  /** All assets ever held, in order; those held no longer carry their realised profit. */
  holdings(portfolioId: string): Promise<readonly Holding[]>;
  openLots(
    portfolioId: string,
    asset: string | null,
    page: PageRequest<LotPlace>,
  ): Promise<Page<OpenLot, LotPlace>>;
  cash(portfolioId: string): Promise<readonly Cash[]>;
  /** In the order of recording. */
  ledger(
    portfolioId: string,
    filter: LedgerFilter,
    page: PageRequest<LedgerPlace>,
  ): Promise<Page<LedgerEntry, LedgerPlace>>;
  /** By time of the trade, then number. */
  trades(
    portfolioId: string,
    filter: TradeFilter,
    page: PageRequest<TradePlace> & { readonly newestFirst?: boolean },
  ): Promise<Page<Trade, TradePlace>>;
  /** By day and instrument; throws `RANGE_TOO_LARGE` beyond the limit of trades summed. */
  realised(portfolioId: string, request: RealisedRequest): Promise<readonly RealisedProfit[]>;
}
