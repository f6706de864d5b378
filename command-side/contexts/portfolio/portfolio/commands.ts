import { z } from "zod";
import {
  decimalField,
  nonNegativeDecimalField,
  positiveDecimalField,
  textField,
  timeField,
} from "../../../../platform/fields/fields.ts";
import { assetField, instrumentIdField } from "../../../../platform/fields/spot-instrument.ts";
import { type Decimal, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { CommandDefinition } from "../../../aggregate.ts";
import type { CostMethod, TradeSide } from "./events.ts";

export interface OpenPortfolio {
  readonly type: "OpenPortfolio";
  readonly data: {
    readonly name: string;
    readonly owner: string | null;
    readonly baseCurrency: string;
    readonly costMethod: CostMethod;
  };
}

export interface DepositFunds {
  readonly type: "DepositFunds";
  readonly data: {
    readonly asset: string;
    readonly amount: Decimal;
    /** In the base currency; null: the basis is not known and taken as 0. */
    readonly unitCost: Decimal | null;
    readonly externalReference: string;
    /** Epoch ms; null: now. */
    readonly occurredAt: number | null;
  };
}

export interface WithdrawFunds {
  readonly type: "WithdrawFunds";
  readonly data: {
    readonly asset: string;
    readonly amount: Decimal;
    readonly externalReference: string;
    /** Epoch ms; null: now. */
    readonly occurredAt: number | null;
  };
}

/** What becomes of a trade that gives up more than is held: an import may take it as held. */
export type ShortfallPolicy = "refuse" | "assume";

export interface RecordTrade {
  readonly type: "RecordTrade";
  readonly data: {
    readonly instrumentId: string;
    readonly tradeId: string;
    readonly side: TradeSide;
    readonly price: Decimal;
    readonly quantity: Decimal;
    /** Positive is paid, negative a rebate. */
    readonly fee: Decimal;
    /** null only without a fee: then it is the quote currency. */
    readonly feeCurrency: string | null;
    /** Value of one fee unit in the base currency. */
    readonly feeRate: Decimal | null;
    /** Value of one quote unit in the base currency. */
    readonly quoteRate: Decimal | null;
    readonly liquidity: "maker" | "taker" | null;
    /** Epoch ms. */
    readonly occurredAt: number;
    readonly strategyId: string | null;
    readonly copiedFrom: string | null;
    readonly onShortfall: ShortfallPolicy;
  };
}

export interface ReverseTrade {
  readonly type: "ReverseTrade";
  readonly data: {
    readonly instrumentId: string;
    readonly tradeId: string;
    readonly reason: string;
  };
}

export interface ClosePortfolio {
  readonly type: "ClosePortfolio";
  readonly data: { readonly reason: string };
}

export type PortfolioCommand =
  | OpenPortfolio
  | DepositFunds
  | WithdrawFunds
  | RecordTrade
  | ReverseTrade
  | ClosePortfolio;

const name = textField(80);
const reason = textField(500);
const identifier = textField(200);

const tradePayload = z
  .strictObject({
    instrumentId: instrumentIdField(),
    tradeId: textField(100),
    side: z.enum(["buy", "sell"]),
    price: positiveDecimalField(),
    quantity: positiveDecimalField(),
    fee: decimalField().default(ZERO),
    feeCurrency: assetField().nullable().default(null),
    feeRate: positiveDecimalField().nullable().default(null),
    quoteRate: positiveDecimalField().nullable().default(null),
    liquidity: z.enum(["maker", "taker"]).nullable().default(null),
    occurredAt: timeField(),
    strategyId: identifier.nullable().default(null),
    copiedFrom: identifier.nullable().default(null),
    onShortfall: z.enum(["refuse", "assume"]).default("refuse"),
  })
  .refine(({ fee, feeCurrency }) => fee.isZero() || feeCurrency !== null, {
    error: "is missing: a fee needs its currency",
    path: ["feeCurrency"],
  });

const fundsPayload = {
  asset: assetField(),
  amount: positiveDecimalField(),
  externalReference: identifier,
  occurredAt: timeField().nullable().default(null),
};

export const commands: {
  readonly [T in PortfolioCommand["type"]]: CommandDefinition<
    Extract<PortfolioCommand, { type: T }>
  >;
} = {
  OpenPortfolio: {
    payload: z.strictObject({
      name,
      owner: identifier.nullable().default(null),
      baseCurrency: assetField().default("USDT"),
      costMethod: z.enum(["average", "fifo"]).default("average"),
    }),
    summary: "Open a portfolio",
    example: { name: "Long term", baseCurrency: "USDT", costMethod: "average" },
    creates: true,
  },
  DepositFunds: {
    payload: z.strictObject({
      ...fundsPayload,
      unitCost: nonNegativeDecimalField().nullable().default(null),
    }),
    summary: "Bring an asset in, with its cost where it is not the base currency",
    example: { asset: "USDT", amount: "100000", externalReference: "transfer-1" },
  },
  WithdrawFunds: {
    payload: z.strictObject(fundsPayload),
    summary: "Take an asset out, at its cost",
    example: { asset: "USDT", amount: "500.25", externalReference: "transfer-2" },
  },
  RecordTrade: {
    payload: tradePayload,
    summary: "Record a fill of an exchange",
    example: {
      instrumentId: "binance:BTC-USDT",
      tradeId: "199025959",
      side: "buy",
      price: "60000",
      quantity: "0.5",
      fee: "0.0005",
      feeCurrency: "BTC",
      liquidity: "maker",
      occurredAt: "2026-01-31T12:00:00Z",
    },
  },
  ReverseTrade: {
    payload: z.strictObject({
      instrumentId: instrumentIdField(),
      tradeId: textField(100),
      reason,
    }),
    summary: "Undo a recorded fill, where that is exact",
    example: {
      instrumentId: "binance:BTC-USDT",
      tradeId: "199025959",
      reason: "recorded in the wrong portfolio",
    },
  },
  ClosePortfolio: {
    payload: z.strictObject({ reason }),
    summary: "Close an empty portfolio for good",
    example: { reason: "moved to another account" },
  },
};
