import { expect } from "chai";
import {
  type Decimal,
  decimal,
  decimalText,
  quotient,
} from "../../../../platform/kernel/decimal.ts";
import { codeOf, openStory, type Story } from "./story.fixture.ts";

/** The fills of A1 to A3, from rotki's test of average cost. */
const ROTKI_FILLS = [
  ["buy", "2@10"],
  ["sell", "1@15"],
  ["buy", "1@30"],
  ["sell", "1.5@10"],
  ["buy", "3@20"],
  ["sell", "2@30"],
  ["sell", "1.5@10"],
  ["buy", "1@10"],
  ["sell", "0.5@5"],
] as const;

function rotkiStory(costMethod: "average" | "fifo") {
  const story = openStory({ costMethod });
  story.deposit("USDT", "1000");
  const realised: string[] = [];
  const costs: string[] = [];
  for (const [side, fill] of ROTKI_FILLS) {
    story.trade(side, fill);
    const { realisedNet, cost } = story.holding("BTC");
    if (side === "sell") realised.push(decimalText(realisedNet));
    costs.push(decimalText(cost));
  }
  return { story, realised, costs };
}

type FilledWithFee = readonly [side: "buy" | "sell", fill: string, fee: string];

/** All at one time, fees in the quote currency. */
function storyOf(fills: readonly FilledWithFee[]): Story {
  const story = openStory();
  story.deposit("USDT", "100000");
  for (const [side, fill, fee] of fills) story.trade(side, fill, { fee, feeCurrency: "USDT" });
  return story;
}

function realisedOf(story: Story): { gross: string; net: string } {
  const { realisedNet, realisedGross } = story.holding("BTC");
  return { gross: decimalText(realisedGross), net: decimalText(realisedNet) };
}

/** Realised, and what the holding is worth at the mark beyond its cost. */
function profitAt(story: Story, mark: string): { gross: string; net: string } {
  const { quantity, cost, grossCost, realisedNet, realisedGross } = story.holding("BTC");
  const value = quantity.times(decimal(mark));
  const text = (realised: Decimal, basis: Decimal) =>
    decimalText(realised.plus(value).minus(basis));
  return { gross: text(realisedGross, grossCost), net: text(realisedNet, cost) };
}

function averageOf(story: Story): string {
  const { quantity, grossCost } = story.holding("BTC");
  return decimalText(quotient(grossCost, quantity));
}

describe("worked cases of accounting", () => {
  it("A1: average cost over several cycles, as rotki expects it", () => {
    const { realised, costs } = rotkiStory("average");
    expect(realised).to.deep.equal(["5", "-10", "10", "-5", "-7.5"]);
    expect(costs).to.deep.equal(["20", "10", "40", "10", "70", "30", "0", "10", "5"]);
  });

  it("A2: the same fills, first in, first out", () => {
    const { realised, costs } = rotkiStory("fifo");
    expect(realised).to.deep.equal(["5", "-5", "10", "-5", "-7.5"]);
    expect(costs).to.deep.equal(["20", "10", "40", "15", "75", "30", "0", "10", "5"]);
  });

  it("A3: a sell above what is held is refused and says what is there", () => {
    const { story } = rotkiStory("average");
    const decision = story.try("RecordTrade", story.fill("sell", "0.6@5"));
    expect(codeOf(decision)).to.equal("INSUFFICIENT_HOLDING");
    expect(decision).to.have.nested.property("refusal.facts").that.deep.equals({
      asset: "BTC",
      required: "0.6",
      available: "0.5",
    });
  });

  for (const costMethod of ["average", "fifo"] as const) {
    it(`A3: an import takes what is missing as held without a basis (${costMethod})`, () => {
      const { story } = rotkiStory(costMethod);
      const trade = story.sell("0.6@5", { onShortfall: "assume" });
      expect(decimalText(trade.assumedBase)).to.equal("0.1");
      expect(decimalText(trade.basis)).to.equal("5");
      expect(decimalText(trade.realisedNet)).to.equal("-2");
      expect(trade.lotsOpened).to.have.lengthOf(1);
      expect(trade.lotsOpened[0]?.basisAssumed).to.equal(true);
      expect(realisedOf(story).net).to.equal("-9.5");
      expect(decimalText(story.balance("equity:assumed:BTC"))).to.equal("-0.1");
      expect(decimalText(story.balance("assets:BTC:free"))).to.equal("0");
    });
  }

  it("A4: two cycles, the sell and the second buy at one time", () => {
    const story = storyOf([
      ["buy", "9@209.45", "1"],
      ["sell", "9@210", "1"],
      ["buy", "10@204.11", "1"],
      ["sell", "10@208.01", "1"],
    ]);
    expect(realisedOf(story)).to.deep.equal({ gross: "43.95", net: "39.95" });
  });

  it("A5: what the first cycle realised survives the second", () => {
    const first = [
      ["buy", "20@218", "16"],
      ["sell", "20@320", "16.18"],
    ] as const;
    expect(realisedOf(storyOf(first)).net).to.equal("2007.82");
    const both = storyOf([...first, ["buy", "30@290", "16"], ["sell", "30@321", "16.27"]]);
    expect(realisedOf(both).net).to.equal("2905.55");
  });

  it("A6: a buy alone, valued below its price", () => {
    const story = storyOf([["buy", "1@44558.42", "4.46"]]);
    expect(profitAt(story, "43099.7")).to.deep.equal({ gross: "-1458.72", net: "-1463.18" });
  });

  it("A7: half of it sold", () => {
    const story = storyOf([
      ["buy", "2@75.80", "2.95"],
      ["sell", "1@85.73", "1.30"],
    ]);
    expect(profitAt(story, "87.8")).to.deep.equal({ gross: "21.93", net: "17.68" });
    expect(averageOf(story)).to.equal("75.8");
  });

  it("A8: two buys at different prices", () => {
    const story = storyOf([
      ["buy", "2@142.9", "1.55"],
      ["buy", "2@136.6", "1.65"],
    ]);
    expect(decimalText(story.holding("BTC").grossCost)).to.equal("559");
    expect(averageOf(story)).to.equal("139.75");
    expect(profitAt(story, "148.9")).to.deep.equal({ gross: "36.6", net: "33.4" });
  });

  for (const costMethod of ["average", "fifo"] as const) {
    it(`A10: cash change and market value are the realised and unrealised (${costMethod})`, () => {
      const { story } = rotkiStory(costMethod);
      const { quantity, cost, realisedNet } = story.holding("BTC");
      const marketValue = quantity.times(decimal("7.77"));
      const cashChange = story.holding("USDT").quantity.minus(1000);
      const profit = realisedNet.plus(marketValue).minus(cost);
      expect(decimalText(cashChange.plus(marketValue))).to.equal(decimalText(profit));
    });
  }
});
