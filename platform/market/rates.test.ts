import { expect } from "chai";
import { decimal, decimalText } from "../kernel/decimal.ts";
import { Rates } from "./rates.ts";

function quote(pair: string, price: string, atMs = 1, exchange = "x") {
  const [base = "", quoted = ""] = pair.split("/");
  const instrumentId = `${exchange}:${base}-${quoted}`;
  return { instrumentId, base, quote: quoted, price: decimal(price), atMs };
}

function priceOf(rates: Rates, asset: string, into: string): string | null {
  const rate = rates.rate(asset, into);
  return rate === null ? null : decimalText(rate.price);
}

describe("the rates between assets", () => {
  it("come from an instrument of the two, before any other way", () => {
    const rates = new Rates([quote("BTC/EUR", "50"), quote("EUR/BTC", "0.1", 9)]);
    expect(priceOf(rates, "BTC", "EUR")).to.equal("50");
  });

  it("come from the inverse of one", () => {
    expect(priceOf(new Rates([quote("BTC/EUR", "50")]), "EUR", "BTC")).to.equal("0.02");
  });

  it("go through USDT before USD before BTC, as old as the older price", () => {
    const legs = [quote("SOL/BTC", "0.01", 7), quote("BTC/EUR", "50", 5)];
    expect(new Rates(legs).rate("SOL", "EUR")).to.deep.include({
      atMs: 5,
      instrumentIds: ["x:SOL-BTC", "x:BTC-EUR"],
    });
    const more = [...legs, quote("SOL/USDT", "3"), quote("EUR/USDT", "2")];
    expect(priceOf(new Rates(more), "SOL", "EUR")).to.equal("1.5");
  });

  it("take the newest price of a pair, then the first id, in whatever order they come", () => {
    const [a, b, c] = [
      quote("BTC/EUR", "1", 5, "a"),
      quote("BTC/EUR", "2", 9, "b"),
      quote("BTC/EUR", "3", 9, "c"),
    ];
    for (const quotes of [
      [a, b, c],
      [c, b, a],
    ]) {
      expect(priceOf(new Rates(quotes), "BTC", "EUR")).to.equal("2");
    }
  });

  it("are none where no path leads, or where it rounds to nothing", () => {
    expect(priceOf(new Rates([quote("A/B", "1")]), "A", "C")).to.equal(null);
    expect(priceOf(new Rates([quote("A/B", "9e18")]), "B", "A")).to.equal(null);
  });
});
