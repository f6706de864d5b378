import { expect } from "chai";
import fc from "fast-check";
import { readable } from "../../test/given.ts";
import { describeWithSampleData, sampleRows } from "../../test/sample-data.ts";
import { decimal, decimalText, ZERO } from "../kernel/decimal.ts";
import {
  addTick,
  beginCandle,
  type Candle,
  candleOf,
  combineCandles,
  foldTicks,
  mergeCandles,
  type Tick,
  vwapOf,
} from "./candle.ts";
import { bucketStart, type Interval } from "./interval.ts";

const contractSize = null;

interface TickTexts {
  readonly price?: string;
  readonly volume?: string;
  readonly side?: Tick["side"];
  readonly tradeId?: number | null;
  readonly ordinal?: number;
}

function tick(timeMs: number, texts: TickTexts = {}): Tick {
  const { price = "10", volume = "1", side = "buy", tradeId = null, ordinal = 0 } = texts;
  return { timeMs, ordinal, tradeId, side, price: decimal(price), volume: decimal(volume) };
}

const texts = ({ open, high, low, close, volume, quoteVolume, buyVolume, vwap }: Candle) =>
  [open, high, low, close, volume, quoteVolume, buyVolume, vwap ?? ZERO].map(decimalText);

describe("a candle", () => {
  it("is folded from its ticks", () => {
    const candle = beginCandle(0, tick(1, { price: "10", volume: "2" }));
    addTick(candle, tick(2, { price: "12", volume: "1", side: "sell" }));
    addTick(candle, tick(3, { price: "9.5", volume: "0.5" }));
    const figures = candleOf(candle, null);
    expect(texts(figures)).to.deep.equal(["10", "12", "9.5", "9.5", "3.5", "36.75", "2.5", "10.5"]);
    expect(figures.trades).to.equal(3);
  });

  it("opens and closes by tick order, not by arrival", () => {
    const candle = beginCandle(0, tick(5, { price: "5", tradeId: 5 }));
    addTick(candle, tick(5, { price: "4", tradeId: 4, ordinal: 1 }));
    addTick(candle, tick(5, { price: "6", tradeId: 6, ordinal: 2 }));
    addTick(candle, tick(2, { price: "2", ordinal: 500_000 }));
    const { open, close } = candleOf(candle, null);
    expect([open, close].map(decimalText)).to.deep.equal(["2", "6"]);
  });

  it("has no VWAP without volume", () => {
    expect(candleOf(beginCandle(0, tick(1, { volume: "0" })), null).vwap).to.equal(null);
  });

  it("values inverse contracts by their size, whatever the price", () => {
    const candle = candleOf(
      beginCandle(0, tick(1, { price: "61804.8", volume: "4" })),
      decimal("100"),
    );
    expect(decimalText(candle.quoteVolume)).to.equal("400");
    expect(decimalText(candle.priceVolume)).to.equal("247219.2");
  });

  it("keeps its VWAP between low and high where rounding would leave them", () => {
    const tiny = tick(1, { price: "0.4", volume: "0.000000000000000001" });
    const { vwap, priceVolume } = candleOf(beginCandle(0, tiny), null);
    expect(priceVolume.isZero()).to.equal(true);
    expect(vwap && decimalText(vwap)).to.equal("0.4");
  });
});

const trades = fc.array(
  fc.record({
    timeMs: fc.nat({ max: 4 * 3_600_000 }),
    price: fc.integer({ min: 1, max: 9_999 }).map((cents) => `${cents / 100}`),
    volume: fc.integer({ min: 1, max: 999 }).map((units) => `${units / 1_000}`),
    side: fc.constantFrom<Tick["side"]>("buy", "sell", "unknown"),
  }),
  { minLength: 1, maxLength: 100 },
);

describe("longer candles", () => {
  it("of minutes are those of the ticks", () => {
    const interval = fc.constantFrom<Interval>("1m", "5m", "1h", "1d", "1w", "1M");
    fc.assert(
      fc.property(trades, interval, (drawn, longer) => {
        const ticks = drawn.map(({ timeMs, ...more }, ordinal) =>
          tick(timeMs, { ...more, ordinal }),
        );
        const minutes = foldTicks(ticks, { interval: "1m", contractSize });
        const direct = foldTicks(ticks, { interval: longer, contractSize });
        expect(readable(mergeCandles(minutes, longer))).to.deep.equal(readable(direct));
      }),
    );
  });

  it("combine any stretch: one VWAP over all of it", () => {
    const ticks = [
      tick(0, { price: "10", volume: "1" }),
      tick(60_000, { price: "40", volume: "2" }),
    ];
    const whole = combineCandles(0, foldTicks(ticks, { interval: "1m", contractSize }));
    expect(decimalText(vwapOf(whole) ?? ZERO)).to.equal("30");
    expect(whole.vwap && decimalText(whole.vwap)).to.equal("30");
  });

  it("are refused of minutes that do not ascend", () => {
    const ticks = [tick(0), tick(60_000), tick(3_600_000)];
    const minutes = foldTicks(ticks, { interval: "1m", contractSize });
    expect(() => mergeCandles(minutes.toReversed(), "1h")).to.throw(RangeError, "ascend");
    expect(() => mergeCandles([...minutes, ...minutes], "1d")).to.throw(RangeError, "ascend");
    expect(() => combineCandles(0, [])).to.throw(RangeError);
    expect(mergeCandles([], "1h")).to.deep.equal([]);
  });
});

describeWithSampleData("real candles of seconds", (folder) => {
  it("rolled up are exactly the exchange's minutes, all 4,216", () => {
    const [seconds, minutes] = ["1s", "1m"].map((interval) =>
      sampleRows(folder, `candles/coinbase_btc-usd_${interval}_2016-10-07_09.csv.gz`).map(
        candleOfRow,
      ),
    );
    const rolled = mergeCandles(seconds ?? [], "1m");
    expect(rolled).to.have.length(4_216);
    expect(rolled.map(comparable)).to.deep.equal(minutes?.map(comparable));
    expect(rolled.every(({ openTimeMs }) => bucketStart(openTimeMs, "1m") === openTimeMs)).to.equal(
      true,
    );
  });
});

function candleOfRow(row: Record<string, string>): Candle {
  const [open, high, low, close, volume] = ["open", "high", "low", "close", "volume"].map((field) =>
    decimal(row[field] ?? ""),
  ) as [Candle["open"], Candle["high"], Candle["low"], Candle["close"], Candle["volume"]];
  const unknown = { quoteVolume: ZERO, priceVolume: ZERO, buyVolume: ZERO, vwap: null, trades: 0 };
  return { openTimeMs: Number(row["timestamp"]), open, high, low, close, volume, ...unknown };
}

function comparable({ openTimeMs, open, high, low, close, volume }: Candle): string {
  return [openTimeMs, ...[open, high, low, close, volume].map(decimalText)].join(",");
}
