import { decimal } from "../../../../platform/kernel/decimal.ts";
import { TEST_CONTEXT } from "../../../../test/given.ts";
import type { CloseCandles, RecordTicks, RegisterInstrument, TickData } from "./commands.ts";
import type { EventOf, InstrumentEvent } from "./events.ts";

/** The clock of these tests, in the middle of a minute. */
export const NOW_MS = Date.parse("2024-08-08T12:00:30Z");
/** The minute that runs by that clock. */
export const MINUTE_0_MS = Date.parse("2024-08-08T12:00:00Z");
const INSTRUMENT_ID = "binance:BTC-USDT";
export const CONTEXT = { ...TEST_CONTEXT, nowMs: NOW_MS, aggregateId: INSTRUMENT_ID };

export const registerCommand: RegisterInstrument = {
  type: "RegisterInstrument",
  data: {
    exchange: "binance",
    symbol: "BTCUSDT",
    base: "BTC",
    quote: "USDT",
    kind: "spot",
    priceStep: decimal("0.01"),
    quantityStep: decimal("0.00001"),
    minQuantity: null,
    minNotional: null,
    contractSize: null,
    expiry: null,
  },
};

export function registered(
  more: Partial<EventOf<"InstrumentRegistered">["data"]> = {},
): EventOf<"InstrumentRegistered"> {
  const { expiry: expiryMs, ...data } = registerCommand.data;
  return {
    type: "InstrumentRegistered",
    data: { ...data, expiryMs, ...more },
    occurredAtMs: NOW_MS,
  };
}

/** A tick at so many milliseconds from the running minute's beginning. */
export function tick(offsetMs: number, more: TickTexts = {}): TickData {
  const { price = "100", volume = "1", side = "buy", tradeId = null, occurrence = 0 } = more;
  const exact = { price: decimal(price), volume: decimal(volume) };
  return { timeMs: MINUTE_0_MS + offsetMs, ...exact, side, tradeId, occurrence };
}

interface TickTexts {
  readonly price?: string;
  readonly volume?: string;
  readonly side?: TickData["side"];
  readonly tradeId?: number | string | null;
  readonly occurrence?: number;
}

export function record(
  ticks: readonly TickData[],
  more: Partial<RecordTicks["data"]> = {},
): RecordTicks {
  return { type: "RecordTicks", data: { source: "live", feedSession: "", ticks, ...more } };
}

export function close(upTo: number, cause: CloseCandles["data"]["cause"] = "command") {
  return { type: "CloseCandles", data: { upTo, cause } } as const satisfies CloseCandles;
}

export function ticksOf(events: readonly InstrumentEvent[]) {
  return events.flatMap((event) => (event.type === "TicksRecorded" ? event.data.ticks : []));
}

export type CandleEvent = EventOf<"CandleClosed" | "CandleRevised">;

export function candlesOf(events: readonly InstrumentEvent[]): CandleEvent[] {
  return events.filter((event): event is CandleEvent => {
    return event.type === "CandleClosed" || event.type === "CandleRevised";
  });
}
