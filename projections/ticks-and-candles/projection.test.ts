import { expect } from "chai";
import { decimal } from "../../platform/kernel/decimal.ts";
import type {
  CandleClosed,
  InstrumentRegistered,
  MarketDataEvent,
  MarketTick,
  TicksRecorded,
} from "../../schemas/generated/market-data.ts";
import { assertDeclared, changesTo, recorded } from "../runner/recorded.fixture.ts";
import { ticksAndCandles } from "./projection.ts";
import { NO_ORDER_ID } from "./store.ts";

const ID = "binance:BTC-USDT";
const TIME_MS = 1_723_161_255_342;
const MINUTE_MS = 1_723_161_240_000;

const registration: InstrumentRegistered = {
  exchange: "binance",
  symbol: "BTCUSDT",
  base: "BTC",
  quote: "USDT",
  priceStep: decimal("0.01"),
  quantityStep: decimal("0.00001"),
  minQuantity: null,
  minNotional: decimal("5"),
  contractSize: null,
  kind: "spot",
  expiryMs: null,
};

const candle: CandleClosed = {
  openTimeMs: MINUTE_MS,
  open: decimal("1"),
  high: decimal("3"),
  low: decimal("0.5"),
  close: decimal("2"),
  volume: decimal("10"),
  quoteVolume: decimal("15"),
  priceVolume: decimal("15"),
  buyVolume: decimal("4"),
  vwap: decimal("1.5"),
  trades: 3,
  revision: 0,
  watermarkMs: TIME_MS,
  cause: "tick",
};

function tick(more: Partial<MarketTick> = {}): MarketTick {
  const [price, volume] = [decimal("61837.63"), decimal("0.02")];
  const values = { timeMs: TIME_MS, ordinal: 0, price, volume, side: "sell" } as const;
  return { ...values, tradeId: 3_735_683_259, occurrence: 0, ...more };
}

function ticks(all: readonly MarketTick[], more: Partial<TicksRecorded> = {}): MarketDataEvent {
  const rest = { source: "live", feedSession: "", lateBefore: 0, watermarkMs: TIME_MS };
  const data = { ...rest, clockCloses: false, staleMinutes: [], ticks: all, ...more };
  return { type: "TicksRecorded", data, occurredAtMs: TIME_MS };
}

function changes(event: MarketDataEvent, table: string) {
  return changesTo(ticksAndCandles, table, recorded(event, { aggregateId: ID, sequence: 7 }));
}

describe("the projection of ticks and candles", () => {
  it("writes a tick under its place in the order of ticks", () => {
    const [change, ...others] = changes(ticks([tick()]), "ticks");
    expect(others).to.deep.equal([]);
    expect(change?.row).to.deep.equal({
      instrumentId: ID,
      timeMs: TIME_MS,
      orderId: 3_735_683_259,
      ordinal: 0,
      era: 0,
      price: "61837.63",
      volume: "0.02",
      side: "sell",
      tradeId: null,
    });
  });

  it("puts ticks whose id does not order them behind the others of their millisecond", () => {
    const all = [tick({ tradeId: "abc-1" }), tick({ tradeId: null, ordinal: 1 })];
    const rows = changes(ticks(all), "ticks").map(({ row }) => [row.orderId, row.tradeId]);
    expect(rows).to.deep.equal([
      [NO_ORDER_ID, "abc-1"],
      [NO_ORDER_ID, null],
    ]);
  });

  it("tells late ticks of different rounds of ordinals apart", () => {
    const late = [tick({ ordinal: 999_999 }), tick({ ordinal: 500_000, timeMs: TIME_MS + 1 })];
    const rows = changes(ticks(late, { lateBefore: 499_999 }), "ticks");
    expect(rows.map(({ row }) => row.era)).to.deep.equal([0, 1]);
  });

  it("marks every minute that got ticks as open, once", () => {
    const all = [tick(), tick({ timeMs: TIME_MS + 1 }), tick({ timeMs: TIME_MS + 60_000 })];
    const rows = changes(ticks(all), "openMinutes").map(({ row }) => row.openTimeMs);
    expect(rows).to.deep.equal([MINUTE_MS, MINUTE_MS + 60_000]);
  });

  for (const type of ["CandleClosed", "CandleRevised"] as const) {
    it(`writes the minute and marks it open no longer: ${type}`, () => {
      const event: MarketDataEvent = { type, data: candle, occurredAtMs: TIME_MS };
      const [minute] = changes(event, "minutes");
      expect(minute?.row).to.deep.include({ openTimeMs: MINUTE_MS, vwap: "1.5", trades: 3 });
      const key = { instrumentId: ID, openTimeMs: MINUTE_MS };
      expect(changes(event, "openMinutes")).to.deep.equal([
        { table: "openMinutes", row: key, deleted: true },
      ]);
    });
  }

  it("keeps what a candle without volume does not have as null", () => {
    const event: MarketDataEvent = {
      type: "CandleClosed",
      data: { ...candle, vwap: null },
      occurredAtMs: TIME_MS,
    };
    expect(changes(event, "minutes")[0]?.row.vwap).to.equal(null);
  });

  it("keeps the symbol and the steps apart, for each changes by itself", () => {
    const event = { type: "InstrumentRegistered", data: registration, occurredAtMs: 5 } as const;
    expect(changes(event, "symbols")[0]?.row).to.deep.equal({
      instrumentId: ID,
      symbol: "BTCUSDT",
      effectiveMs: 5,
    });
    expect(changes(event, "steps")[0]?.row).to.deep.include({
      priceStep: "0.01",
      minNotional: "5",
    });
    const renamed = { symbol: "XBTUSDT", previousSymbol: "BTCUSDT", effectiveMs: 9 };
    const rename: MarketDataEvent = { type: "InstrumentRenamed", data: renamed, occurredAtMs: 9 };
    expect(changes(rename, "symbols")[0]?.row.symbol).to.equal("XBTUSDT");
    expect(changes(rename, "instruments")).to.deep.equal([]);
  });

  it("raises the version with every event, whatever it is", () => {
    for (const event of everyEvent()) {
      expect(changes(event, "versions"), event.type).to.deep.equal([
        { table: "versions", row: { instrumentId: ID, version: 7 } },
      ]);
    }
  });

  it("writes nothing that is not declared, and leaves nothing out", () => {
    for (const event of everyEvent()) {
      const all = ticksAndCandles.project(recorded(event, { aggregateId: ID }));
      assertDeclared(ticksAndCandles, all);
    }
  });
});

function everyEvent(): readonly MarketDataEvent[] {
  const occurredAtMs = TIME_MS;
  const { priceStep, quantityStep, minQuantity, minNotional } = registration;
  const steps = { priceStep, quantityStep, minQuantity, minNotional, effectiveMs: TIME_MS };
  const renamed = { symbol: "X", previousSymbol: "Y", effectiveMs: TIME_MS };
  const quarantined = { exchange: "x", symbol: "y", reason: "future", receivedMs: 1, ticks: [] };
  return [
    ticks([tick()]),
    { type: "InstrumentRegistered", data: registration, occurredAtMs },
    { type: "InstrumentRenamed", data: renamed, occurredAtMs },
    { type: "InstrumentAliasAdded", data: { symbol: "X", effectiveMs: 1 }, occurredAtMs },
    { type: "InstrumentStepsChanged", data: steps, occurredAtMs },
    { type: "InstrumentDelisted", data: { effectiveMs: 1, reason: "r" }, occurredAtMs },
    { type: "CandleClosed", data: candle, occurredAtMs },
    { type: "CandleRevised", data: candle, occurredAtMs },
    { type: "BackfillRangeDeclared", data: { fromMs: 1, toMs: 2 }, occurredAtMs },
    { type: "TicksQuarantined", data: quarantined, occurredAtMs },
  ];
}
