import { expect } from "chai";
import { assetsToPrice, valuationOf } from "./valuation.ts";

const held = [
  { asset: "USDT", quantity: "1000" },
  { asset: "BTC", quantity: "0.5" },
  { asset: "SOL", quantity: "-10" },
  { asset: "ETH", quantity: "0" },
];

function price(base: string, quote: string, text: string, atMs = 1) {
  return { instrumentId: `x:${base}-${quote}`, base, quote, price: text, atMs };
}

describe("a portfolio at the latest ticks", () => {
  it("is worth its cash and what each position would fetch, through two instruments if need be", () => {
    const prices = [price("BTC", "USDT", "60000", 7), price("SOL", "BTC", "0.0025", 5)];
    const worth = valuationOf(held, { baseCurrency: "USDT", prices });
    expect(worth).to.deep.include({
      cash: "1000",
      equity: "29500",
      grossExposure: "31500",
      netExposure: "28500",
      complete: true,
    });
    expect(worth.leverage).to.be.closeTo(31_500 / 29_500, 1e-12);
    expect(worth.positions.map(({ asset, value }) => [asset, value])).to.deep.equal([
      ["BTC", "30000"],
      ["SOL", "-1500"],
    ]);
    expect(worth.positions[0]).to.include({ priceAtMs: 7, instrumentId: "x:BTC-USDT" });
    expect(worth.positions[1]).to.include({ priceAtMs: 5, instrumentId: null });
  });

  it("leaves out what has no price, and says so", () => {
    const prices = [price("BTC", "USDT", "60000")];
    const worth = valuationOf(held, { baseCurrency: "USDT", prices });
    expect(worth).to.include({ complete: false, equity: "31000" });
    expect(worth.positions[1]).to.include({ price: null, value: null, share: 0 });
  });

  it("needs the prices between what is held, its currency, and what prices go through", () => {
    expect(assetsToPrice([{ asset: "SOL", quantity: "1" }], "EUR")).to.have.members([
      ...["SOL", "EUR"],
      ...["USDT", "USD", "BTC"],
    ]);
  });
});
