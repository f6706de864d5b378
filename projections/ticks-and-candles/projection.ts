import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { decimalText } from "../../platform/kernel/decimal.ts";
import { minuteOf } from "../../platform/market/interval.ts";
import { erasOf } from "../../platform/market/tick-order.ts";
import type {
  CandleClosed,
  InstrumentRegistered,
  InstrumentStepsChanged,
  MarketDataEvent,
  TicksRecorded,
} from "../../schemas/generated/market-data.ts";
import { optionalDecimalText } from "../runner/column-text.ts";
import type { Change, Projection } from "../runner/projection.ts";
import { NO_ORDER_ID, tables } from "./store.ts";

/** Instruments, their ticks, and their one-minute candles. */
export const ticksAndCandles: Projection<MarketDataEvent> = {
  name: "ticks-and-candles",
  version: 2,
  // Rows know where they began.
  changes: { since: 1, differs: [] },
  topics: ["market.events"],
  tables,
  project(recorded) {
    const { aggregateId: instrumentId, sequence } = recorded;
    const version = { table: "versions", row: { instrumentId, version: sequence } };
    return [...changesOf(instrumentId, recorded), version];
  },
};

function changesOf(instrumentId: string, { event }: RecordedEvent<MarketDataEvent>): Change[] {
  switch (event.type) {
    case "InstrumentRegistered":
      return registered(instrumentId, event.data, event.occurredAtMs);
    case "InstrumentRenamed": {
      const { symbol, effectiveMs } = event.data;
      return [{ table: "symbols", row: { instrumentId, symbol, effectiveMs } }];
    }
    case "InstrumentAliasAdded":
      return [{ table: "aliases", row: { instrumentId, ...event.data } }];
    case "InstrumentStepsChanged":
      return [steps(instrumentId, event.data, event.data.effectiveMs)];
    case "InstrumentDelisted":
      return [{ table: "delistings", row: { instrumentId, ...event.data } }];
    case "TicksRecorded":
      return ticks(instrumentId, event.data);
    case "CandleClosed":
    case "CandleRevised":
      return minute(instrumentId, event.data);
    case "BackfillRangeDeclared":
    case "TicksQuarantined":
      return [];
  }
}

function registered(
  instrumentId: string,
  data: InstrumentRegistered,
  registeredAtMs: number,
): Change[] {
  const { exchange, symbol, base, quote, kind, expiryMs } = data;
  const contractSize = optionalDecimalText(data.contractSize);
  const instrument = { exchange, base, quote, kind, contractSize, expiryMs, registeredAtMs };
  return [
    { table: "instruments", row: { instrumentId, ...instrument } },
    { table: "symbols", row: { instrumentId, symbol, effectiveMs: registeredAtMs } },
    steps(instrumentId, data, registeredAtMs),
  ];
}

type Steps = Omit<InstrumentStepsChanged, "effectiveMs">;

function steps(instrumentId: string, data: Steps, effectiveMs: number): Change {
  return {
    table: "steps",
    row: {
      instrumentId,
      priceStep: decimalText(data.priceStep),
      quantityStep: decimalText(data.quantityStep),
      minQuantity: optionalDecimalText(data.minQuantity),
      minNotional: optionalDecimalText(data.minNotional),
      effectiveMs,
    },
  };
}

function ticks(instrumentId: string, data: TicksRecorded): Change[] {
  const eras = erasOf(data);
  const changes: Change[] = data.ticks.map((tick, i) => {
    const { timeMs, ordinal, side, tradeId } = tick;
    const isOrdered = typeof tradeId === "number";
    return {
      table: "ticks",
      row: {
        instrumentId,
        timeMs,
        orderId: isOrdered ? tradeId : NO_ORDER_ID,
        ordinal,
        era: eras[i] ?? 0,
        price: decimalText(tick.price),
        volume: decimalText(tick.volume),
        side,
        tradeId: isOrdered ? null : tradeId,
      },
    };
  });
  for (const openTimeMs of new Set(data.ticks.map(({ timeMs }) => minuteOf(timeMs)))) {
    changes.push({ table: "openMinutes", row: { instrumentId, openTimeMs } });
  }
  changes.push(watermark(instrumentId, data));
  return changes;
}

/** A candle counts all ticks of its minute that were recorded before it. */
function minute(instrumentId: string, candle: CandleClosed): Change[] {
  const { openTimeMs } = candle;
  const change: Change = {
    table: "minutes",
    row: {
      instrumentId,
      openTimeMs,
      open: decimalText(candle.open),
      high: decimalText(candle.high),
      low: decimalText(candle.low),
      close: decimalText(candle.close),
      volume: decimalText(candle.volume),
      quoteVolume: decimalText(candle.quoteVolume),
      priceVolume: decimalText(candle.priceVolume),
      buyVolume: decimalText(candle.buyVolume),
      vwap: optionalDecimalText(candle.vwap),
      trades: candle.trades,
      revision: candle.revision,
      cause: candle.cause,
    },
  };
  const open = { table: "openMinutes", row: { instrumentId, openTimeMs }, deleted: true } as const;
  return [change, open, watermark(instrumentId, candle)];
}

function watermark(instrumentId: string, { watermarkMs }: { watermarkMs: number }): Change {
  return { table: "watermarks", row: { instrumentId, watermarkMs } };
}
