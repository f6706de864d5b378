import { expect } from "chai";
import type { InstrumentEvent } from "./instrument/events.ts";
import { registered } from "./instrument/instrument.fixture.ts";
import { InstrumentDirectory } from "./instrument-directory.ts";

const A = "binance:BTC-USDT";
const B = "binance:BCH-USDT";
const ofA = registered({ symbol: "OLD" });
const ofB: InstrumentEvent = { ...registered({ symbol: "OLD", base: "BCH" }), occurredAtMs: 9e12 };
const renamed: InstrumentEvent = {
  type: "InstrumentRenamed",
  data: { symbol: "NEW", previousSymbol: "OLD", effectiveMs: 1_000 },
  occurredAtMs: 1,
};
const alias: InstrumentEvent = {
  type: "InstrumentAliasAdded",
  data: { symbol: "BTC/USDT", effectiveMs: 500 },
  occurredAtMs: 1,
};
const delisted: InstrumentEvent = {
  type: "InstrumentDelisted",
  data: { effectiveMs: 2_000, reason: "over" },
  occurredAtMs: 1,
};

function directoryOf(...facts: readonly (readonly [string, InstrumentEvent])[]) {
  const directory = new InstrumentDirectory();
  for (const [instrumentId, event] of facts) directory.observe(instrumentId, event);
  return (symbol: string, timeMs: number) => directory.resolve("binance", symbol, timeMs);
}

describe("the directory of instruments", () => {
  it("knows a registered symbol for ticks of any time, on its exchange alone", () => {
    const directory = new InstrumentDirectory();
    directory.observe(A, ofA);
    expect(directory.resolve("binance", "OLD", 0)).to.equal(A);
    expect(directory.resolve("kraken", "OLD", 0)).to.equal(null);
    expect(directory.resolve("binance", "old", 0)).to.equal(null);
  });

  it("lets the old symbol stand for ticks of before a rename, and the new one for those after", () => {
    const resolve = directoryOf([A, ofA], [A, renamed]);
    expect(resolve("OLD", 999)).to.equal(A);
    expect(resolve("OLD", 1_000)).to.equal(null);
    expect(resolve("NEW", 999)).to.equal(null);
    expect(resolve("NEW", 1_000)).to.equal(A);
  });

  it("gives a symbol to whoever takes it after it was given up", () => {
    const ofA2 = { ...ofA, occurredAtMs: 9.1e12 };
    for (const facts of [
      [
        [A, ofA],
        [A, renamed],
        [B, ofB],
      ],
      [
        [B, ofB],
        [A, ofA2],
        [A, renamed],
      ],
    ] as const) {
      const resolve = directoryOf(...facts);
      expect(resolve("OLD", 999)).to.equal(A);
      expect(resolve("OLD", 1_000)).to.equal(B);
    }
  });

  it("takes the one registered first where two claim a symbol, whichever it is told of first", () => {
    expect(directoryOf([A, ofA], [B, ofB])("OLD", 5)).to.equal(A);
    expect(directoryOf([B, ofB], [A, ofA])("OLD", 5)).to.equal(A);
  });

  it("knows further spellings from their moment on", () => {
    const resolve = directoryOf([A, ofA], [A, alias]);
    expect(resolve("BTC/USDT", 499)).to.equal(null);
    expect(resolve("BTC/USDT", 500)).to.equal(A);
  });

  it("knows no spelling of a delisted instrument for ticks after its end", () => {
    const resolve = directoryOf([A, ofA], [A, alias], [A, delisted]);
    expect(resolve("OLD", 2_000)).to.equal(A);
    expect([resolve("OLD", 2_001), resolve("BTC/USDT", 2_001)]).to.deep.equal([null, null]);
  });

  it("may be told of everything again", () => {
    const facts = [
      [A, ofA],
      [A, alias],
      [A, renamed],
    ] as const;
    const resolve = directoryOf(...facts, ...facts);
    expect(resolve("OLD", 1_000)).to.equal(null);
    expect(resolve("NEW", 1_000)).to.equal(A);
  });
});
