import { z } from "zod";
import {
  nonNegativeDecimalField,
  positiveDecimalField,
  textField,
  timeField,
} from "../../../../platform/fields/fields.ts";
import { type Decimal, maximum, minimum } from "../../../../platform/kernel/decimal.ts";
import { minuteOf } from "../../../../platform/market/interval.ts";
import type { CommandDefinition } from "../../../aggregate.ts";
import { assetField, exchangeField, KINDS, type Kind } from "./instrument-id.ts";
import { MAX_BACKFILL_SPAN_MILLISECONDS, MAX_REVISION, MAX_TICKS_PER_COMMAND } from "./limits.ts";
import { tradeIdField } from "./trade-id.ts";

/** What orders must be multiples of, and what they must reach. */
export interface Steps {
  readonly priceStep: Decimal;
  readonly quantityStep: Decimal;
  readonly minQuantity: Decimal | null;
  readonly minNotional: Decimal | null;
}

export interface RegisterInstrument {
  readonly type: "RegisterInstrument";
  readonly data: Steps & {
    readonly exchange: string;
    /** The exchange's own spelling. */
    readonly symbol: string;
    readonly base: string;
    readonly quote: string;
    readonly kind: Kind;
    /** Value of one contract in the quote currency; of inverse kinds only. */
    readonly contractSize: Decimal | null;
    readonly expiry: number | null;
  };
}

export interface RenameInstrument {
  readonly type: "RenameInstrument";
  /** Times are epoch ms; without one a change takes effect now. */
  readonly data: { readonly symbol: string; readonly effectiveAt: number | null };
}

export interface AddInstrumentAlias {
  readonly type: "AddInstrumentAlias";
  /** Without a time the spelling holds for ticks of any time. */
  readonly data: { readonly symbol: string; readonly effectiveAt: number | null };
}

export interface ChangeInstrumentSteps {
  readonly type: "ChangeInstrumentSteps";
  readonly data: Steps & { readonly effectiveAt: number | null };
}

export interface DelistInstrument {
  readonly type: "DelistInstrument";
  readonly data: { readonly effectiveAt: number | null; readonly reason: string };
}

export interface DeclareBackfillRange {
  readonly type: "DeclareBackfillRange";
  /** Epoch ms, `to` being the first moment no longer in the range. */
  readonly data: { readonly from: number; readonly to: number };
}

/** One trade of the instrument. */
export interface TickData {
  readonly timeMs: number;
  readonly price: Decimal;
  readonly volume: Decimal;
  readonly side: "buy" | "sell" | "unknown";
  readonly tradeId: number | string | null;
  /** Only without trade id: the running number among equals of one request, stream or file. */
  readonly occurrence: number;
}

export interface RecordTicks {
  readonly type: "RecordTicks";
  readonly data: {
    readonly source: "live" | "backfill" | "snapshot";
    /** Empty where the feed named none. */
    readonly feedSession: string;
    readonly ticks: readonly TickData[];
  };
}

export interface CloseCandles {
  readonly type: "CloseCandles";
  /** Epoch ms: minutes that end by then are closed. */
  readonly data: { readonly upTo: number; readonly cause: "command" | "clock" };
}

/** Figures of a minute that the instrument no longer holds, folded from its stored ticks. */
export interface ReviseCandle {
  readonly type: "ReviseCandle";
  readonly data: {
    /** Epoch ms, the beginning of a minute. */
    readonly openTime: number;
    readonly open: Decimal;
    readonly high: Decimal;
    readonly low: Decimal;
    readonly close: Decimal;
    readonly volume: Decimal;
    /** Sum of price times volume. */
    readonly priceVolume: Decimal;
    readonly buyVolume: Decimal;
    readonly trades: number;
    /** Of the candle stored so far; `null` when there is none. */
    readonly storedRevision: number | null;
  };
}

export type InstrumentCommand =
  | RegisterInstrument
  | RenameInstrument
  | AddInstrumentAlias
  | ChangeInstrumentSteps
  | DelistInstrument
  | DeclareBackfillRange
  | RecordTicks
  | CloseCandles
  | ReviseCandle;

const symbol = textField(64);
const effectiveAt = timeField().nullable().default(null);
const steps = {
  priceStep: positiveDecimalField(),
  quantityStep: positiveDecimalField(),
  minQuantity: nonNegativeDecimalField().nullable().default(null),
  minNotional: nonNegativeDecimalField().nullable().default(null),
};

const registerPayload = z
  .strictObject({
    exchange: exchangeField(),
    symbol,
    base: assetField(),
    quote: assetField(),
    kind: z.enum(KINDS).default("spot"),
    ...steps,
    contractSize: positiveDecimalField().nullable().default(null),
    expiry: timeField().nullable().default(null),
  })
  .refine(({ base, quote }) => base !== quote, {
    error: "must be another asset than the base",
    path: ["quote"],
  })
  .refine(({ kind, contractSize }) => kind.startsWith("inverse-") === (contractSize !== null), {
    error: "is needed for inverse kinds, and for no others",
    path: ["contractSize"],
  })
  .refine(({ kind, expiry }) => kind.endsWith("future") || expiry === null, {
    error: "only futures expire",
    path: ["expiry"],
  });

/** Which of several connections or files ticks come from; empty where the feed names none. */
export function feedSessionField() {
  return z
    .string()
    .max(100)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, {
      error: "must not hold control characters or broken surrogates",
    })
    .default("");
}

const tickField = z.strictObject({
  timeMs: timeField(),
  price: positiveDecimalField(),
  volume: nonNegativeDecimalField(),
  side: z.enum(["buy", "sell", "unknown"]).default("unknown"),
  tradeId: tradeIdField().nullable().default(null),
  occurrence: z.int().min(0).max(1_000_000_000).default(0),
});

const revisePayload = z
  .strictObject({
    openTime: timeField().refine((timeMs) => minuteOf(timeMs) === timeMs, {
      error: "must be the beginning of a minute",
    }),
    open: positiveDecimalField(),
    high: positiveDecimalField(),
    low: positiveDecimalField(),
    close: positiveDecimalField(),
    volume: nonNegativeDecimalField(),
    priceVolume: nonNegativeDecimalField(),
    buyVolume: nonNegativeDecimalField(),
    trades: z.int().min(1),
    storedRevision: z.int().min(0).max(MAX_REVISION).nullable().default(null),
  })
  .refine(({ open, close, low, high }) => low.lte(minimum(open, close)) && low.lte(high), {
    error: "must be the lowest price",
    path: ["low"],
  })
  .refine(({ open, close, high }) => high.gte(maximum(open, close)), {
    error: "must be the highest price",
    path: ["high"],
  })
  .refine(({ volume, buyVolume }) => buyVolume.lte(volume), {
    error: "must be at most the volume",
    path: ["buyVolume"],
  });

const EXAMPLE_TICK = {
  timeMs: 1_723_161_255_342,
  price: "61837.63",
  volume: "0.02",
  side: "sell",
  tradeId: "3735683259",
};

export const commands: {
  readonly [T in InstrumentCommand["type"]]: CommandDefinition<
    Extract<InstrumentCommand, { type: T }>
  >;
} = {
  RegisterInstrument: {
    payload: registerPayload,
    summary: "List an instrument of an exchange, so that its ticks are taken",
    example: {
      exchange: "binance",
      symbol: "BTCUSDT",
      base: "BTC",
      quote: "USDT",
      priceStep: "0.01",
      quantityStep: "0.00001",
    },
    creates: true,
  },
  RenameInstrument: {
    payload: z.strictObject({ symbol, effectiveAt }),
    summary: "The exchange writes the instrument in another way from a moment on",
    example: { symbol: "XBTUSDT", effectiveAt: "2026-01-31T12:00:00Z" },
  },
  AddInstrumentAlias: {
    payload: z.strictObject({ symbol, effectiveAt }),
    summary: "Ticks of the instrument also come under another spelling",
    example: { symbol: "BTC-USDT" },
  },
  ChangeInstrumentSteps: {
    payload: z.strictObject({ ...steps, effectiveAt }),
    summary: "Other steps of price and quantity from a moment on",
    example: { priceStep: "0.1", quantityStep: "0.0001" },
  },
  DelistInstrument: {
    payload: z.strictObject({ effectiveAt, reason: textField(500) }),
    summary: "Trading ends; later ticks are refused",
    example: { reason: "merged into another token" },
  },
  DeclareBackfillRange: {
    payload: z
      .strictObject({ from: timeField(), to: timeField() })
      .refine(({ from, to }) => from < to, { error: "must be later than from", path: ["to"] })
      .refine(({ from, to }) => to - from <= MAX_BACKFILL_SPAN_MILLISECONDS, {
        error: "must be at most 366 days after from",
        path: ["to"],
      }),
    summary: "Take ticks of a stretch of time although they could be duplicates long forgotten",
    example: { from: "2024-08-08T00:00:00Z", to: "2024-08-09T00:00:00Z" },
  },
  RecordTicks: {
    payload: z.strictObject({
      source: z.enum(["live", "backfill", "snapshot"]).default("live"),
      feedSession: feedSessionField(),
      ticks: z.array(tickField).min(1).max(MAX_TICKS_PER_COMMAND),
    }),
    summary: "Record trades of this instrument; /v1/market/ticks does it by exchange and symbol",
    example: { ticks: [EXAMPLE_TICK] },
  },
  CloseCandles: {
    payload: z.strictObject({
      upTo: timeField(),
      cause: z.enum(["command", "clock"]).default("command"),
    }),
    summary: "Close the minutes that end by a moment, as an import does at its end",
    example: { upTo: "2024-08-09T00:00:00Z" },
  },
  ReviseCandle: {
    payload: revisePayload,
    summary: "Revise a minute older than the instrument remembers, from its stored ticks",
    example: {
      openTime: "2024-08-08T23:54:00Z",
      open: "61837.63",
      high: "61850",
      low: "61830.5",
      close: "61840",
      volume: "0.5",
      priceVolume: "30920",
      buyVolume: "0.2",
      trades: 12,
    },
  },
};
