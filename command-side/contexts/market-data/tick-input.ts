import { z } from "zod";
import {
  nonNegativeDecimalField,
  positiveDecimalField,
  textField,
  timeField,
} from "../../../platform/fields/fields.ts";
import { tradeIdField } from "./instrument/trade-id.ts";

const exchange = textField(64).refine((text) => !text.includes(":"), {
  error: "must not hold a colon",
});
const tradeId = tradeIdField().nullable().default(null);

/** A trade as feeds and files send it to `POST /v1/market/ticks`. */
export const tickInput = z
  .strictObject({
    exchange,
    /** The exchange's own spelling. */
    symbol: textField(64),
    price: positiveDecimalField(),
    volume: nonNegativeDecimalField(),
    /** The exchange's trade time. */
    timestamp: timeField(),
    tradeId,
    trade_id: tradeId,
    side: z.enum(["buy", "sell", "unknown"]).nullable().default(null),
  })
  .refine((tick) => tick.tradeId === null || tick.trade_id === null, {
    error: "excludes tradeId; give one of the two",
    path: ["trade_id"],
  });

export type TickInput = z.infer<typeof tickInput>;
