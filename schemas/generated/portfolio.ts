// Generated from the Avro schemas by `cipherhorizon schemas generate`. Do not edit.
import type { Decimal } from "../../platform/kernel/decimal.ts";

/** One asset after the event. */
export interface HoldingAfter {
  readonly asset: string;
  readonly quantity: Decimal;
  /** Cost basis in the base currency by the portfolio's method, fees included. */
  readonly cost: Decimal;
  /** The same without fees. */
  readonly grossCost: Decimal;
  /** Since opening. */
  readonly realisedNet: Decimal;
  /** Since opening, price only. */
  readonly realisedGross: Decimal;
  /** Lots below it are used up; 0 when there is none. */
  readonly firstOpenLot: number;
  /** What is left of that lot. */
  readonly firstOpenLotQuantity: Decimal;
  readonly firstOpenLotCost: Decimal;
  readonly firstOpenLotGrossCost: Decimal;
  /** Some of the quantity came without a known basis. */
  readonly basisAssumed: boolean;
}

export interface Lot {
  readonly asset: string;
  /** Number of the lot: 1, 2, 3 … within the asset. */
  readonly lot: number;
  readonly quantity: Decimal;
  /** In the base currency, fees included. */
  readonly cost: Decimal;
  /** Price only. */
  readonly grossCost: Decimal;
  readonly acquiredMs: number;
  readonly basisAssumed: boolean;
}

export interface LotsConsumed {
  readonly asset: string;
  readonly firstLot: number;
  readonly lastLot: number;
  readonly quantity: Decimal;
  /** Basis given up by the portfolio's method. */
  readonly cost: Decimal;
  readonly grossCost: Decimal;
}

export interface Posting {
  /** assets:BTC:free, trading:BTC, fees:BNB, equity:deposits:USDT … */
  readonly account: string;
  readonly asset: string;
  /** Positive increases the account. */
  readonly amount: Decimal;
  /** Of the account after the posting. */
  readonly balance: Decimal;
}

/** An asset came in. */
export interface FundsDeposited {
  readonly asset: string;
  readonly amount: Decimal;
  /** In the base currency; null for the base currency itself or an assumed basis. */
  readonly unitCost: Decimal | null;
  readonly externalReference: string;
  readonly basisAssumed: boolean;
  /** Every asset the event touched, after it. */
  readonly holdings: readonly HoldingAfter[];
  readonly lotsOpened: readonly Lot[];
  readonly lotsConsumed: readonly LotsConsumed[];
  /** Sums to zero per asset. */
  readonly postings: readonly Posting[];
}

/** An asset went out. */
export interface FundsWithdrawn {
  readonly asset: string;
  readonly amount: Decimal;
  readonly externalReference: string;
  /** Every asset the event touched, after it. */
  readonly holdings: readonly HoldingAfter[];
  readonly lotsOpened: readonly Lot[];
  readonly lotsConsumed: readonly LotsConsumed[];
  /** Sums to zero per asset. */
  readonly postings: readonly Posting[];
}

/** All holdings were zero. */
export interface PortfolioClosed {
  readonly reason: string;
}

export type CostMethod = "average" | "fifo";

/** A portfolio is opened. */
export interface PortfolioOpened {
  readonly owner: string | null;
  readonly name: string;
  readonly baseCurrency: string;
  readonly costMethod: CostMethod;
}

export type TradeSide = "buy" | "sell";

/** A fill, with the holdings after it. */
export interface TradeRecorded {
  readonly instrumentId: string;
  readonly exchange: string;
  readonly base: string;
  readonly quote: string;
  readonly tradeId: string;
  readonly side: TradeSide;
  readonly price: Decimal;
  readonly quantity: Decimal;
  /** price times quantity. */
  readonly quoteAmount: Decimal;
  /** Positive is paid, negative a rebate. */
  readonly fee: Decimal;
  readonly feeCurrency: string;
  /** Value of one fee unit in the base currency, as the client gave it. */
  readonly feeRate: Decimal | null;
  /** Value of one quote unit in the base currency, as the client gave it. */
  readonly quoteRate: Decimal | null;
  /** maker, taker or empty. */
  readonly liquidity: string;
  readonly strategyId: string | null;
  readonly copiedFrom: string | null;
  /** opened, increased, reduced or closed: the base asset's position. */
  readonly effect: string;
  /** By this trade, in the base currency, every fee of known value included. */
  readonly realisedNet: Decimal;
  /** By this trade, price only. */
  readonly realisedGross: Decimal;
  /** Cost of the quantity given up; 0 where the base currency was given. */
  readonly basis: Decimal;
  /** The fee in the base currency; null where its rate is not known. */
  readonly feeValue: Decimal | null;
  /** Realised on the asset a third-asset fee was paid in: fee value less basis. */
  readonly feeRealised: Decimal;
  /** False where a rate was missing: the basis was carried over and nothing realised. */
  readonly valued: boolean;
  /** Base asset that was missing and taken as held without basis (import). */
  readonly assumedBase: Decimal;
  /** Quote asset that was missing and taken as held without basis (import). */
  readonly assumedQuote: Decimal;
  /** Fee asset that was missing and taken as held without basis (import). */
  readonly assumedFee: Decimal;
  /** occurredAt lies before that of an earlier recorded trade. */
  readonly outOfOrder: boolean;
  /** 1, 2, 3 … within the portfolio. */
  readonly tradeNumber: number;
  /** Every asset the event touched, after it. */
  readonly holdings: readonly HoldingAfter[];
  readonly lotsOpened: readonly Lot[];
  readonly lotsConsumed: readonly LotsConsumed[];
  /** Sums to zero per asset. */
  readonly postings: readonly Posting[];
}

export interface LotKey {
  readonly asset: string;
  readonly lot: number;
}

/** A recorded fill is undone exactly. */
export interface TradeReversed {
  readonly instrumentId: string;
  readonly exchange: string;
  readonly tradeId: string;
  /** Of the trade undone. */
  readonly tradeNumber: number;
  readonly reason: string;
  /** What the reversal adds to the realised profit. */
  readonly realisedNet: Decimal;
  readonly realisedGross: Decimal;
  /** What the reversal adds to the fee asset's realised profit. */
  readonly feeRealised: Decimal;
  /** Every asset the event touched, after it. */
  readonly holdings: readonly HoldingAfter[];
  readonly lotsOpened: readonly Lot[];
  readonly lotsConsumed: readonly LotsConsumed[];
  /** Sums to zero per asset. */
  readonly postings: readonly Posting[];
  /** Lots that the undone trade had opened. */
  readonly lotsRemoved: readonly LotKey[];
}

/** Every event of the context. */
export type PortfolioEvent =
  | { readonly type: "FundsDeposited"; readonly data: FundsDeposited; readonly occurredAtMs: number }
  | { readonly type: "FundsWithdrawn"; readonly data: FundsWithdrawn; readonly occurredAtMs: number }
  | { readonly type: "PortfolioClosed"; readonly data: PortfolioClosed; readonly occurredAtMs: number }
  | { readonly type: "PortfolioOpened"; readonly data: PortfolioOpened; readonly occurredAtMs: number }
  | { readonly type: "TradeRecorded"; readonly data: TradeRecorded; readonly occurredAtMs: number }
  | { readonly type: "TradeReversed"; readonly data: TradeReversed; readonly occurredAtMs: number };
