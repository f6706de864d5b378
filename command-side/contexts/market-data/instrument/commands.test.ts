import { expect } from "chai";
import { NumberText } from "../../../../platform/fields/fields.ts";
import { decimalText } from "../../../../platform/kernel/decimal.ts";
import { commands } from "./commands.ts";
import { instrument } from "./index.ts";

const register = commands.RegisterInstrument;
const example = register.example as Record<string, unknown>;

const isAccepted = (payload: unknown) => register.payload.safeParse(payload).success;

describe("the payloads of an instrument's commands", () => {
  for (const [type, { payload, example }] of Object.entries(commands)) {
    it(`parse the example of ${type}`, () => {
      expect(payload.safeParse(example).error).to.equal(undefined);
    });
    it(`refuse an unknown field of ${type}`, () => {
      expect(payload.safeParse({ ...(example as object), typo: 1 }).success).to.equal(false);
    });
  }

  it("want a contract size for inverse kinds, and for no others", () => {
    expect(isAccepted({ ...example, kind: "inverse-perpetual" })).to.equal(false);
    expect(isAccepted({ ...example, contractSize: "100" })).to.equal(false);
    expect(isAccepted({ ...example, kind: "inverse-perpetual", contractSize: 100 })).to.equal(true);
  });

  it("want two assets", () => {
    expect(isAccepted({ ...example, quote: "BTC" })).to.equal(false);
  });

  it("let only futures expire", () => {
    expect(isAccepted({ ...example, expiry: "2026-09-25" })).to.equal(false);
    expect(isAccepted({ ...example, kind: "future", expiry: "2026-09-25" })).to.equal(true);
  });

  it("limit the span of a backfill", () => {
    const { payload } = commands.DeclareBackfillRange;
    expect(payload.safeParse({ from: 2, to: 2 }).success).to.equal(false);
    const isoRange = { from: "2024-01-01", to: "2025-01-03" };
    expect(payload.safeParse(isoRange).success).to.equal(false);
    expect(payload.safeParse({ ...isoRange, to: "2025-01-01" }).success).to.equal(true);
  });

  it("take prices as numbers or text, exponents included, and ids of any form", () => {
    const ids = [
      7,
      "7",
      "007",
      "9007199254740990",
      "9007199254740991",
      new NumberText("9007199254740993"),
      null,
    ];
    const ticks = ids.map((tradeId) => ({ timeMs: 1, price: 1e-7, volume: "2.5e-7", tradeId }));
    const parsed = commands.RecordTicks.payload.parse({ ticks });
    expect(parsed.ticks.map(({ tradeId }) => tradeId)).to.deep.equal([
      7,
      7,
      "007",
      9_007_199_254_740_990,
      "9007199254740991",
      "9007199254740993",
      null,
    ]);
    const [first] = parsed.ticks;
    expect(first && decimalText(first.price)).to.equal("0.0000001");
    expect(first && decimalText(first.volume)).to.equal("0.00000025");
  });

  it("refuse a price of zero, a volume below zero, an id with blanks at an end", () => {
    const tick = { timeMs: 1, price: "1", volume: "0", tradeId: "a" };
    const parse = (more: object) =>
      commands.RecordTicks.payload.safeParse({ ticks: [{ ...tick, ...more }] }).success;
    expect(parse({})).to.equal(true);
    for (const wrong of [{ price: 0 }, { volume: "-1" }, { tradeId: " a" }, { tradeId: -1 }]) {
      expect(parse(wrong), JSON.stringify(wrong)).to.equal(false);
    }
    expect(commands.RecordTicks.payload.safeParse({ ticks: [] }).success).to.equal(false);
  });
});

describe("the id of an instrument", () => {
  it("is exchange, base and quote, and a suffix where it is not spot", () => {
    const right = [
      "binance:BTC-USDT",
      "binance_usdm:BTC-USDT-PERP",
      "kraken_futures:ETH-USD-LINEAR-PERP",
      "bitmex:XRP-BTC-U21",
      instrument.idExample,
    ];
    for (const id of right) expect(instrument.id.safeParse(id).success, id).to.equal(true);
    const wrong = ["BTC-USDT", "binance:BTCUSDT", "Binance:BTC-USDT", "binance:btc-usdt", "a:B-C-"];
    for (const id of wrong) expect(instrument.id.safeParse(id).success, id).to.equal(false);
  });
});
