// Generated from the Avro schemas by `cipherhorizon schemas generate`. Do not edit.
import type { Decimal } from "../../platform/kernel/decimal.ts";

/** Ticks of this range are accepted although older than the duplicate horizon. */
export interface BackfillRangeDeclared {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A one-minute candle, decided by the instrument. */
export interface CandleClosed {
  readonly openTimeMs: number;
  readonly open: Decimal;
  readonly high: Decimal;
  readonly low: Decimal;
  readonly close: Decimal;
  /** Sum of volumes as the exchange counts them (contracts for derivatives). */
  readonly volume: Decimal;
  /** In the quote currency. */
  readonly quoteVolume: Decimal;
  /** Sum of price times volume: the numerator of the VWAP. */
  readonly priceVolume: Decimal;
  /** Volume of taker buys. */
  readonly buyVolume: Decimal;
  /** priceVolume / volume; null when volume is 0. */
  readonly vwap: Decimal | null;
  readonly trades: number;
  /** 0 when first closed. */
  readonly revision: number;
  readonly watermarkMs: number;
  /** tick, clock or command. */
  readonly cause: string;
}

/** A closed one-minute candle after late ticks. */
export interface CandleRevised {
  readonly openTimeMs: number;
  readonly open: Decimal;
  readonly high: Decimal;
  readonly low: Decimal;
  readonly close: Decimal;
  /** Sum of volumes as the exchange counts them (contracts for derivatives). */
  readonly volume: Decimal;
  /** In the quote currency. */
  readonly quoteVolume: Decimal;
  /** Sum of price times volume: the numerator of the VWAP. */
  readonly priceVolume: Decimal;
  /** Volume of taker buys. */
  readonly buyVolume: Decimal;
  /** priceVolume / volume; null when volume is 0. */
  readonly vwap: Decimal | null;
  readonly trades: number;
  /** 0 when first closed. */
  readonly revision: number;
  readonly watermarkMs: number;
  /** late_tick. */
  readonly cause: string;
}

/** Another spelling under which ticks of this instrument arrive. */
export interface InstrumentAliasAdded {
  readonly symbol: string;
  readonly effectiveMs: number;
}

/** Trading has ended. */
export interface InstrumentDelisted {
  readonly effectiveMs: number;
  readonly reason: string;
}

/** An instrument is listed. */
export interface InstrumentRegistered {
  readonly exchange: string;
  /** The exchange's own spelling. */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly priceStep: Decimal;
  readonly quantityStep: Decimal;
  readonly minQuantity: Decimal | null;
  readonly minNotional: Decimal | null;
  /** Value of one contract in the quote currency; set for inverse contracts only. */
  readonly contractSize: Decimal | null;
  /** spot, perpetual, future, inverse-perpetual or inverse-future; empty in events of v1, which upcasting fills in. */
  readonly kind: string;
  /** When a future expires; null for instruments without expiry. */
  readonly expiryMs: number | null;
}

/** The exchange changed the symbol; the instrument id stays. */
export interface InstrumentRenamed {
  readonly symbol: string;
  readonly previousSymbol: string;
  readonly effectiveMs: number;
}

/** New trading steps. */
export interface InstrumentStepsChanged {
  readonly priceStep: Decimal;
  readonly quantityStep: Decimal;
  readonly minQuantity: Decimal | null;
  readonly minNotional: Decimal | null;
  readonly effectiveMs: number;
}

/** Ticks that could not be recorded, kept to be replayed by command. */
export interface TicksQuarantined {
  readonly exchange: string;
  readonly symbol: string;
  /** unknown_symbol, future or absurd. */
  readonly reason: string;
  readonly receivedMs: number;
  /** Each tick as it came, JSON. */
  readonly ticks: readonly string[];
}

export type Side = "buy" | "sell" | "unknown";

export interface MarketTick {
  /** The exchange's trade time, epoch ms. */
  readonly timeMs: number;
  /** Makes timeMs unique: 0 to 499,999 in order, 500,000 and up for ticks that came late. */
  readonly ordinal: number;
  readonly price: Decimal;
  readonly volume: Decimal;
  /** The taker's side. */
  readonly side: Side;
  /** A long where the id is a canonical integer below 2^53 and the instrument's ids rise with time: then it decides the tick order; else the id's text; null where the source has none. */
  readonly tradeId: number | string | null;
  /** Only without trade id: the running number among equal ticks of one feed session. */
  readonly occurrence: number;
}

/** Trades of one instrument, in tick order. */
export interface TicksRecorded {
  /** live, backfill or snapshot. */
  readonly source: string;
  /** Empty where the feed named none. */
  readonly feedSession: string;
  /** Count of late ticks of this instrument before this event; the n-th late tick has ordinal 500,000 + n mod 500,000 and era n / 500,000. */
  readonly lateBefore: number;
  /** Greatest event time that may close candles, after this event. */
  readonly watermarkMs: number;
  /** Live and recorded within 60 s of the clock: the owner may close candles by its clock. */
  readonly clockCloses: boolean;
  /** Opening times of minutes older than the state that got ticks: to be folded from the stored ticks. */
  readonly staleMinutes: readonly number[];
  readonly ticks: readonly MarketTick[];
}

/** Every event of the context. */
export type MarketDataEvent =
  | { readonly type: "BackfillRangeDeclared"; readonly data: BackfillRangeDeclared; readonly occurredAtMs: number }
  | { readonly type: "CandleClosed"; readonly data: CandleClosed; readonly occurredAtMs: number }
  | { readonly type: "CandleRevised"; readonly data: CandleRevised; readonly occurredAtMs: number }
  | { readonly type: "InstrumentAliasAdded"; readonly data: InstrumentAliasAdded; readonly occurredAtMs: number }
  | { readonly type: "InstrumentDelisted"; readonly data: InstrumentDelisted; readonly occurredAtMs: number }
  | { readonly type: "InstrumentRegistered"; readonly data: InstrumentRegistered; readonly occurredAtMs: number }
  | { readonly type: "InstrumentRenamed"; readonly data: InstrumentRenamed; readonly occurredAtMs: number }
  | { readonly type: "InstrumentStepsChanged"; readonly data: InstrumentStepsChanged; readonly occurredAtMs: number }
  | { readonly type: "TicksQuarantined"; readonly data: TicksQuarantined; readonly occurredAtMs: number }
  | { readonly type: "TicksRecorded"; readonly data: TicksRecorded; readonly occurredAtMs: number };
