import { expect } from "chai";
import { type Decimal, decimalText } from "../../../../platform/kernel/decimal.ts";
import type { TradeRecorded } from "./events.ts";
import { codeOf, openStory, type Story } from "./story.fixture.ts";

function fundedStory(data: Record<string, unknown> = {}): Story {
  const story = openStory(data);
  story.deposit("USDT", "100000");
  return story;
}

function texts<Name extends string>(
  from: Record<Name, Decimal | null>,
  ...names: readonly Name[]
): Record<string, string | null> {
  return Object.fromEntries(
    names.map((name) => [name, from[name] === null ? null : decimalText(from[name])]),
  );
}

const held = (story: Story, asset: string) =>
  texts(story.holding(asset), "quantity", "cost", "grossCost");

const profit = (trade: TradeRecorded) =>
  texts(trade, "realisedNet", "realisedGross", "basis", "feeValue", "feeRealised");

const accountsOf = (trade: TradeRecorded) =>
  trade.postings.map(({ account, amount, balance }) => {
    return `${account} ${decimalText(amount)} ${decimalText(balance)}`;
  });

describe("fees", () => {
  it("in the base asset lower what a buy receives; the postings of the worked example", () => {
    const story = fundedStory();
    const trade = story.buy("0.5@60000", { fee: "0.0005", feeCurrency: "BTC" });
    expect(held(story, "BTC")).to.deep.equal({
      quantity: "0.4995",
      cost: "30000",
      grossCost: "29970",
    });
    expect(decimalText(story.holding("USDT").quantity)).to.equal("70000");
    expect(profit(trade)).to.include({ realisedNet: "0", realisedGross: "0", feeValue: "30" });
    expect(accountsOf(trade)).to.deep.equal([
      "assets:BTC:free 0.5 0.5",
      "trading:BTC -0.5 -0.5",
      "trading:USDT 30000 30000",
      "assets:USDT:free -30000 70000",
      "fees:BTC 0.0005 0.0005",
      "assets:BTC:free -0.0005 0.4995",
    ]);
  });

  for (const costMethod of ["average", "fifo"]) {
    it(`in the base asset: selling all that a buy left leaves exactly 0 (${costMethod})`, () => {
      const story = fundedStory({ costMethod });
      story.buy("1@333.33", { fee: "0.001", feeCurrency: "BTC" });
      story.buy("0.7@331.01", { fee: "0.0007", feeCurrency: "BTC" });
      story.sell("0.3@340.5");
      const all = decimalText(story.holding("BTC").quantity);
      const trade = story.sell(`${all}@341`);
      expect(all).to.equal("1.3983");
      expect(trade.effect).to.equal("closed");
      expect(held(story, "BTC")).to.deep.equal({ quantity: "0", cost: "0", grossCost: "0" });
      expect(trade.holdings.find(({ asset }) => asset === "BTC")?.firstOpenLot).to.equal(0);
    });
  }

  it("in the base asset take more than was sold", () => {
    const story = fundedStory();
    story.buy("1@100");
    const trade = story.sell("0.9@110", { fee: "0.1", feeCurrency: "BTC" });
    expect(held(story, "BTC").quantity).to.equal("0");
    expect(profit(trade)).to.deep.equal({
      realisedNet: "-1",
      realisedGross: "10",
      basis: "100",
      feeValue: "11",
      feeRealised: "0",
    });
  });

  it("in the base asset are refused beyond what is held: no short dust", () => {
    const story = fundedStory();
    story.buy("0.999@100");
    const fill = story.fill("sell", "0.999@110", { fee: "0.000999", feeCurrency: "BTC" });
    const decision = story.try("RecordTrade", fill);
    expect(codeOf(decision)).to.equal("INSUFFICIENT_HOLDING");
    expect(decision).to.have.nested.property("refusal.facts.required", "0.999999");
  });

  it("in the quote asset add to the cost of a buy and lower the proceeds of a sell", () => {
    const story = fundedStory();
    story.buy("2@100", { fee: "3", feeCurrency: "USDT" });
    expect(held(story, "BTC")).to.deep.equal({ quantity: "2", cost: "203", grossCost: "200" });
    const trade = story.sell("1@120", { fee: "2", feeCurrency: "USDT" });
    expect(profit(trade)).to.deep.equal({
      realisedNet: "16.5",
      realisedGross: "20",
      basis: "101.5",
      feeValue: "2",
      feeRealised: "0",
    });
    expect(decimalText(story.holding("USDT").quantity)).to.equal("99915");
  });

  it("in the quote asset need cash beside the cost", () => {
    const story = openStory();
    story.deposit("USDT", "100");
    const fill = story.fill("buy", "1@100", { fee: "0.1", feeCurrency: "USDT" });
    const decision = story.try("RecordTrade", fill);
    expect(codeOf(decision)).to.equal("INSUFFICIENT_FUNDS");
    expect(decision).to.have.nested.property("refusal.facts.required", "100.1");
    expect(decision).to.have.nested.property("refusal.facts.available", "100");
  });

  it("in the quote asset may be above the proceeds of a tiny sale, if cash is there", () => {
    const story = fundedStory();
    story.buy("1@0.5");
    const trade = story.sell("1@0.5", { fee: "1", feeCurrency: "USDT" });
    expect(decimalText(trade.realisedNet)).to.equal("-1");
    expect(decimalText(story.holding("USDT").quantity)).to.equal("99999");
  });

  describe("in a third asset", () => {
    it("with a rate: the asset is given up at its value, the trade is charged the value", () => {
      const story = fundedStory();
      story.deposit("BNB", "2", { unitCost: "300" });
      story.buy("1@100");
      const fee = { fee: "0.1", feeCurrency: "BNB", feeRate: "310" };
      const trade = story.sell("1@150", fee);
      expect(profit(trade)).to.deep.equal({
        realisedNet: "19",
        realisedGross: "50",
        basis: "100",
        feeValue: "31",
        feeRealised: "1",
      });
      expect(held(story, "BNB")).to.deep.equal({ quantity: "1.9", cost: "570", grossCost: "570" });
      expect(decimalText(story.holding("BNB").realisedNet)).to.equal("1");
      expect(decimalText(story.balance("fees:BNB"))).to.equal("0.1");
    });

    it("without a rate: kept in its currency, flagged, never valued at 1", () => {
      const story = fundedStory();
      story.deposit("BNB", "2", { unitCost: "300" });
      story.buy("1@100");
      const trade = story.sell("1@150", { fee: "0.1", feeCurrency: "BNB" });
      expect(profit(trade)).to.deep.equal({
        realisedNet: "50",
        realisedGross: "50",
        basis: "100",
        feeValue: null,
        feeRealised: "0",
      });
      expect(held(story, "BNB")).to.include({ quantity: "1.9", cost: "570" });
      expect(decimalText(story.holding("BNB").realisedNet)).to.equal("0");
    });

    it("are refused where the asset is missing, and assumed where an import says so", () => {
      const story = fundedStory();
      const fee = { fee: "0.1", feeCurrency: "BNB" };
      const fill = story.fill("buy", "1@100", fee);
      expect(codeOf(story.try("RecordTrade", fill))).to.equal("INSUFFICIENT_HOLDING");
      const trade = story.buy("1@100", { ...fee, onShortfall: "assume" });
      expect(decimalText(trade.assumedFee)).to.equal("0.1");
      expect(decimalText(trade.assumedBase)).to.equal("0");
      expect(held(story, "BNB")).to.include({ quantity: "0", cost: "0" });
    });

    it("that is the base currency costs cash and is charged to the trade", () => {
      const story = fundedStory();
      story.deposit("BTC", "1", { unitCost: "40000" });
      const fee = { instrumentId: "binance:ETH-BTC", fee: "5", feeCurrency: "USDT" };
      const trade = story.trade("buy", "2@0.05", { ...fee, quoteRate: "50000" });
      expect(profit(trade)).to.include({ realisedNet: "995", feeValue: "5" });
      expect(decimalText(story.holding("USDT").quantity)).to.equal("99995");
    });
  });

  describe("below zero are rebates", () => {
    it("in the quote asset: they lower a buy's cost and add to a sell's proceeds", () => {
      const story = fundedStory();
      const bought = story.buy("1@100", { fee: "-0.5", feeCurrency: "USDT" });
      expect(held(story, "BTC").cost).to.equal("99.5");
      expect(accountsOf(bought).slice(0, 2)).to.deep.equal([
        "assets:USDT:free 0.5 100000.5",
        "income:rebate:USDT -0.5 -0.5",
      ]);
      const sold = story.sell("1@100", { fee: "-0.5", feeCurrency: "USDT" });
      expect(profit(sold)).to.include({ realisedNet: "1", realisedGross: "0", feeValue: "-0.5" });
      expect(decimalText(story.holding("USDT").quantity)).to.equal("100001");
    });

    it("in the base asset: a buy receives more, a sell takes less", () => {
      const story = fundedStory();
      story.buy("1@100", { fee: "-0.01", feeCurrency: "BTC" });
      expect(held(story, "BTC")).to.deep.equal({ quantity: "1.01", cost: "100", grossCost: "101" });
      story.sell("1@100", { fee: "-0.01", feeCurrency: "BTC" });
      expect(held(story, "BTC").quantity).to.equal("0.02");
    });

    it("in a third asset: a lot of that asset at its value, or without a known basis", () => {
      const story = fundedStory();
      const rebate = { fee: "-0.1", feeCurrency: "BNB" };
      const valued = story.buy("1@100", { ...rebate, feeRate: "300" });
      expect(profit(valued)).to.include({ realisedNet: "30", feeValue: "-30" });
      const unvalued = story.buy("1@100", rebate);
      expect(profit(unvalued)).to.include({ realisedNet: "0", feeValue: null });
      expect(unvalued.lotsOpened.find(({ asset }) => asset === "BNB")?.basisAssumed).to.equal(true);
      expect(held(story, "BNB")).to.deep.equal({ quantity: "0.2", cost: "30", grossCost: "30" });
      expect(decimalText(story.balance("income:rebate:BNB"))).to.equal("-0.2");
    });
  });

  for (const [what, side, fee, feeCurrency] of [
    ["all that was bought", "buy", "1", "BTC"],
    ["a rebate above the cost", "buy", "-100.01", "USDT"],
    ["a rebate of all that was sold", "sell", "-1", "BTC"],
  ] as const) {
    it(`are refused when they are ${what}`, () => {
      const story = fundedStory();
      story.buy("5@100");
      const fill = story.fill(side, "1@100", { fee, feeCurrency });
      expect(codeOf(story.try("RecordTrade", fill))).to.equal("FEE_TOO_LARGE");
    });
  }
});

describe("a quote asset that is not the base currency", () => {
  const instrumentId = "binance:ETH-BTC";

  function storyWithBitcoin(): Story {
    const story = fundedStory();
    story.deposit("BTC", "1", { unitCost: "40000" });
    return story;
  }

  it("without a rate: its basis goes over, nothing is realised, and back again", () => {
    const story = storyWithBitcoin();
    const bought = story.trade("buy", "4@0.05", { instrumentId });
    expect(bought.valued).to.equal(false);
    expect(profit(bought)).to.include({ realisedNet: "0", realisedGross: "0", basis: "8000" });
    expect(held(story, "ETH")).to.deep.equal({ quantity: "4", cost: "8000", grossCost: "8000" });
    expect(held(story, "BTC")).to.include({ quantity: "0.8", cost: "32000" });
    const sold = story.trade("sell", "2@0.06", { instrumentId });
    expect(profit(sold)).to.include({ realisedNet: "0", basis: "4000" });
    expect(held(story, "BTC")).to.include({ quantity: "0.92", cost: "36000" });
  });

  it("without a rate: a basis that was assumed stays marked so", () => {
    const story = fundedStory();
    story.deposit("BTC", "1");
    const bought = story.trade("buy", "4@0.05", { instrumentId });
    expect(bought.lotsOpened[0]?.basisAssumed).to.equal(true);
    expect(bought.holdings.every(({ basisAssumed }) => basisAssumed)).to.equal(true);
  });

  it("with a rate: one asset is realised at it, the other costs it", () => {
    const story = storyWithBitcoin();
    const fee = { fee: "0.001", feeCurrency: "BTC", quoteRate: "50000" };
    const bought = story.trade("buy", "4@0.05", { instrumentId, ...fee });
    expect(bought.valued).to.equal(true);
    expect(profit(bought)).to.include({ realisedNet: "2010", basis: "8040", feeValue: "50" });
    expect(held(story, "ETH")).to.deep.equal({ quantity: "4", cost: "10050", grossCost: "10000" });
    const sold = story.trade("sell", "4@0.06", { instrumentId, quoteRate: "45000" });
    expect(profit(sold)).to.include({ realisedNet: "750", realisedGross: "800", basis: "10050" });
    expect(held(story, "BTC")).to.include({ quantity: "1.039", cost: "42760" });
  });

  it("where the base asset is the base currency, the trade's own price is the rate", () => {
    const story = storyWithBitcoin();
    const data = { instrumentId: "kraken:USDT-BTC" };
    const trade = story.trade("buy", "25000@0.00002", data);
    expect(trade.valued).to.equal(true);
    expect(profit(trade)).to.include({
      realisedNet: "5000",
      realisedGross: "5000",
      basis: "20000",
    });
    expect(decimalText(story.holding("USDT").quantity)).to.equal("125000");
    const fee = { fee: "0.1", feeCurrency: "BTC" };
    const paid = story.trade("buy", "5000@0.00002", { ...data, ...fee });
    expect(profit(paid)).to.deep.equal({
      realisedNet: "-3000",
      realisedGross: "2000",
      basis: "8000",
      feeValue: "5000",
      feeRealised: "0",
    });
  });

  it("where the base asset is the base currency, a third-asset fee is charged to the quote", () => {
    const story = storyWithBitcoin();
    story.deposit("BNB", "1", { unitCost: "300" });
    const fee = { fee: "0.1", feeCurrency: "BNB", feeRate: "300" };
    const trade = story.trade("sell", "100@0.00002", { instrumentId: "kraken:USDT-BTC", ...fee });
    expect(profit(trade)).to.include({ realisedNet: "-30", realisedGross: "0", basis: "0" });
    expect(decimalText(story.holding("BTC").realisedNet)).to.equal("-30");
    expect(decimalText(story.holding("USDT").realisedNet)).to.equal("0");
  });

  it("must come to something: a fee of all that was got is refused", () => {
    const story = storyWithBitcoin();
    story.deposit("ETH", "1", { unitCost: "2000" });
    const fee = { instrumentId, fee: "0.05", feeCurrency: "BTC" };
    const fill = story.fill("sell", "1@0.05", fee);
    expect(codeOf(story.try("RecordTrade", fill))).to.equal("FEE_TOO_LARGE");
  });
});
