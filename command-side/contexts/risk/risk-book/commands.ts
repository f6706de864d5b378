import { z } from "zod";
import {
  decimalField,
  nonNegativeDecimalField,
  positiveDecimalField,
  textField,
  timeField,
} from "../../../../platform/fields/fields.ts";
import { assetField, instrumentIdField } from "../../../../platform/fields/spot-instrument.ts";
import { type Decimal, decimal } from "../../../../platform/kernel/decimal.ts";
import { MINUTE_MS } from "../../../../platform/market/interval.ts";
import type { CommandDefinition } from "../../../aggregate.ts";
import {
  type LimitAction,
  type LimitKind,
  limitActions,
  limitKinds,
  mayNameAsset,
} from "./limit-kinds.ts";

interface LimitName {
  readonly kind: LimitKind;
  /** null: of the whole portfolio. */
  readonly asset: string | null;
}

export interface SetRiskLimit {
  readonly type: "SetRiskLimit";
  readonly data: LimitName & {
    readonly warnAt: Decimal | null;
    readonly limit: Decimal;
    readonly action: LimitAction;
    readonly hysteresis: Decimal;
  };
}

export interface RemoveRiskLimit {
  readonly type: "RemoveRiskLimit";
  readonly data: LimitName & { readonly reason: string };
}

export interface ResetLimit {
  readonly type: "ResetLimit";
  readonly data: LimitName & { readonly reason: string };
}

export interface AcknowledgeBreach {
  readonly type: "AcknowledgeBreach";
  readonly data: LimitName & { readonly note: string | null };
}

export interface SetTradingState {
  readonly type: "SetTradingState";
  readonly data: { readonly state: TradingState; readonly reason: string };
}

export type TradingState = "active" | "reducing" | "halted";

export interface AssessRisk {
  readonly type: "AssessRisk";
  readonly data: {
    readonly trigger: "portfolio" | "minute" | "import";
    readonly portfolioSequence: number;
    /** Opening time of the minute, epoch ms; null unless a minute is the trigger. */
    readonly minuteAt: number | null;
    readonly baseCurrency: string;
    readonly holdings: readonly { readonly asset: string; readonly quantity: Decimal }[];
    readonly prices: readonly {
      readonly asset: string;
      readonly price: Decimal;
      /** Epoch ms. */
      readonly at: number;
      readonly instrumentId: string | null;
    }[];
    readonly flows: readonly { readonly asset: string; readonly net: Decimal }[];
  };
}

export interface CheckOrder {
  readonly type: "CheckOrder";
  readonly data: {
    readonly instrumentId: string;
    readonly side: "buy" | "sell";
    readonly quantity: Decimal;
    readonly price: Decimal;
    readonly reduceOnly: boolean;
  };
}

export type RiskCommand =
  | SetRiskLimit
  | RemoveRiskLimit
  | ResetLimit
  | AcknowledgeBreach
  | SetTradingState
  | AssessRisk
  | CheckOrder;

const ASSETS = 10_000;
const DEFAULT_HYSTERESIS = decimal("0.05");

const reason = textField(500);
const limitName = {
  kind: z.enum(limitKinds),
  asset: assetField().nullable().default(null),
};

function namesAsset({ kind, asset }: LimitName): boolean {
  return asset === null || mayNameAsset(kind);
}

const ASSET_RULE = { error: "is not for this kind of limit", path: ["asset"] };

const limitPayload = z
  .strictObject({
    ...limitName,
    warnAt: positiveDecimalField().nullable().default(null),
    limit: positiveDecimalField(),
    action: z.enum(limitActions).default("alert"),
    hysteresis: nonNegativeDecimalField()
      .refine((value) => value.lte("0.5"), { error: "must be at most 0.5" })
      .default(DEFAULT_HYSTERESIS),
  })
  .refine(namesAsset, ASSET_RULE)
  .refine(({ warnAt, limit }) => warnAt === null || warnAt.lt(limit), {
    error: "must lie below the limit",
    path: ["warnAt"],
  });

const assessPayload = z
  .strictObject({
    trigger: z.enum(["portfolio", "minute", "import"]),
    portfolioSequence: z.int().min(1),
    minuteAt: timeField()
      .refine((timeMs) => timeMs % MINUTE_MS === 0, { error: "must be a minute's opening time" })
      .nullable(),
    baseCurrency: assetField(),
    holdings: z
      .array(z.strictObject({ asset: assetField(), quantity: positiveDecimalField() }))
      .max(ASSETS)
      .refine(areDistinct, { error: "must name each asset once" }),
    prices: z
      .array(
        z.strictObject({
          asset: assetField(),
          price: positiveDecimalField(),
          at: timeField(),
          instrumentId: textField(200).nullable(),
        }),
      )
      .max(ASSETS)
      .refine(areDistinct, { error: "must name each asset once" }),
    flows: z
      .array(z.strictObject({ asset: assetField(), net: decimalField() }))
      .max(ASSETS)
      .refine(areDistinct, { error: "must name each asset once" }),
  })
  .refine(({ trigger, minuteAt }) => (trigger === "minute") === (minuteAt !== null), {
    error: "stands with the trigger minute, and with no other",
    path: ["minuteAt"],
  });

function areDistinct(items: readonly { readonly asset: string }[]): boolean {
  return new Set(items.map(({ asset }) => asset)).size === items.length;
}

export const commands: {
  readonly [T in RiskCommand["type"]]: CommandDefinition<Extract<RiskCommand, { type: T }>>;
} = {
  SetRiskLimit: {
    payload: limitPayload,
    summary: "Set a limit on a portfolio's risk, in place of one of the same kind and asset",
    example: { kind: "drawdown", warnAt: "0.1", limit: "0.2", action: "reduce_only" },
    creates: true,
  },
  RemoveRiskLimit: {
    payload: z.strictObject({ ...limitName, reason }).refine(namesAsset, ASSET_RULE),
    summary: "Take a limit away",
    example: { kind: "drawdown", reason: "replaced by a limit on volatility" },
  },
  ResetLimit: {
    payload: z.strictObject({ ...limitName, reason }).refine(namesAsset, ASSET_RULE),
    summary: "Measure a drawdown or a daily loss from now on",
    example: { kind: "drawdown", reason: "the positions were closed" },
  },
  AcknowledgeBreach: {
    payload: z
      .strictObject({ ...limitName, note: textField(500).nullable().default(null) })
      .refine(namesAsset, ASSET_RULE),
    summary: "Say that a breach was seen",
    example: { kind: "leverage", note: "positions are being reduced" },
  },
  SetTradingState: {
    payload: z.strictObject({ state: z.enum(["active", "reducing", "halted"]), reason }),
    summary: "Let all orders through, only those that reduce exposure, or none",
    example: { state: "reducing", reason: "before the announcement" },
    creates: true,
  },
  AssessRisk: {
    payload: assessPayload,
    summary: "Measure a portfolio by given holdings and prices; process managers send it",
    example: {
      trigger: "portfolio",
      portfolioSequence: 3,
      minuteAt: null,
      baseCurrency: "USDT",
      holdings: [
        { asset: "BTC", quantity: "1" },
        { asset: "USDT", quantity: "40000" },
      ],
      prices: [
        {
          asset: "BTC",
          price: "60000",
          at: "2026-01-31T12:00:00Z",
          instrumentId: "binance:BTC-USDT",
        },
      ],
      flows: [{ asset: "USDT", net: "100000" }],
    },
    creates: true,
    operatorsOnly: true,
  },
  CheckOrder: {
    payload: z.strictObject({
      instrumentId: instrumentIdField(),
      side: z.enum(["buy", "sell"]),
      quantity: positiveDecimalField(),
      price: positiveDecimalField(),
      reduceOnly: z.boolean().default(false),
    }),
    summary: "Ask whether an order may be placed, and why not",
    example: {
      instrumentId: "binance:BTC-USDT",
      side: "buy",
      quantity: "0.5",
      price: "60000",
    },
  },
};
