import { expect } from "chai";
import fc from "fast-check";
import type { Decision } from "../../../../platform/kernel/decider.ts";
import { decimalText } from "../../../../platform/kernel/decimal.ts";
import { readable } from "../../../../test/given.ts";
import type { PortfolioEvent, TradeReversed } from "./events.ts";
import { holdingAfter } from "./holding.ts";
import { MAX_LOTS_KEPT_FOR_REVERSAL, MAX_REVERSIBLE_MOVEMENTS } from "./limits.ts";
import { openLots } from "./lots.ts";
import { lotsOf } from "./open-state.ts";
import { anyMethod, anySteps, inOrder, type Step } from "./steps.fixture.ts";
import { codeOf, openStory, type Story } from "./story.fixture.ts";

const RUNS = 200;

function fundedStory(costMethod: string): Story {
  const story = openStory({ costMethod });
  story.deposit("USDT", "10000");
  return story;
}

function factsOf(decision: Decision<PortfolioEvent>): unknown {
  return decision.outcome === "refused" ? decision.refusal.facts : decision.outcome;
}

function reversedOf(decision: Decision<PortfolioEvent>) {
  const event = decision.outcome === "accepted" ? decision.events[0] : undefined;
  if (event?.type !== "TradeReversed") throw new Error(`not reversed: ${codeOf(decision)}`);
  return event.data;
}

function lotNumbers(story: Story): readonly number[] {
  return openLots(lotsOf(story.state, "BTC")).map(({ lot }) => lot);
}

describe("reversing a trade", () => {
  for (const costMethod of ["average", "fifo"]) {
    describe(`at ${costMethod} cost`, () => {
      it("takes back a buy with its lot, fee and cash", () => {
        const story = fundedStory(costMethod);
        const before = story.snapshot();
        const { tradeId } = story.buy("0.5@6000", { fee: "0.0005", feeCurrency: "BTC" });
        const reversed = reversedOf(story.reverse(tradeId));
        expect(reversed.lotsRemoved).to.deep.equal([{ asset: "BTC", lot: 1 }]);
        expect(reversed.tradeNumber).to.equal(1);
        expect(story.snapshot()).to.deep.equal(before);
      });

      it("takes back a sell: its lots are open again and nothing is realised", () => {
        const story = fundedStory(costMethod);
        story.buy("1@100");
        story.buy("1@130");
        story.buy("1@170");
        const before = story.snapshot();
        const sold = story.sell("1.3@200", { fee: "0.7", feeCurrency: "USDT" });
        expect(lotNumbers(story)).to.deep.equal([2, 3]);
        const reversed = reversedOf(story.reverse(sold.tradeId));
        expect(lotNumbers(story)).to.deep.equal([1, 2, 3]);
        expect(decimalText(reversed.realisedNet)).to.equal(decimalText(sold.realisedNet.negated()));
        expect(story.snapshot()).to.deep.equal(before);
      });

      it("takes back a sell that had closed the position", () => {
        const story = fundedStory(costMethod);
        story.buy("3@100");
        const before = story.snapshot();
        const { tradeId } = story.sell("3@90");
        reversedOf(story.reverse(tradeId));
        expect(story.snapshot()).to.deep.equal(before);
      });

      it("takes back an import's sell with the lot that was assumed", () => {
        const story = fundedStory(costMethod);
        story.buy("1@100");
        const before = story.snapshot();
        const { tradeId } = story.sell("1.5@120", { onShortfall: "assume" });
        const reversed = reversedOf(story.reverse(tradeId));
        expect(reversed.lotsRemoved).to.deep.equal([{ asset: "BTC", lot: 2 }]);
        expect(story.snapshot()).to.deep.equal(before);
      });

      it("takes back a fee in a third asset", () => {
        const story = fundedStory(costMethod);
        story.deposit("BNB", "1", { unitCost: "300" });
        const before = story.snapshot();
        const fee = { fee: "0.01", feeCurrency: "BNB", feeRate: "310" };
        const { tradeId } = story.buy("1@100", fee);
        const reversed = reversedOf(story.reverse(tradeId));
        expect(decimalText(reversed.realisedNet)).to.equal("3.1");
        expect(decimalText(reversed.feeRealised)).to.equal("-0.1");
        expect(story.snapshot()).to.deep.equal(before);
      });

      it("refuses a sell while a later trade of the asset stands, and names it", () => {
        const story = fundedStory(costMethod);
        story.buy("2@100");
        const sold = story.sell("1@110");
        const bought = story.buy("1@120");
        const refused = story.reverse(sold.tradeId);
        expect(codeOf(refused)).to.equal("REVERSAL_NOT_EXACT");
        expect(factsOf(refused)).to.deep.equal({
          blockingInstrumentId: "binance:BTC-USDT",
          blockingTradeId: bought.tradeId,
        });
        reversedOf(story.reverse(bought.tradeId));
        reversedOf(story.reverse(sold.tradeId));
        expect(lotNumbers(story)).to.deep.equal([1]);
      });

      it("refuses a buy from whose lot was sold", () => {
        const story = fundedStory(costMethod);
        const bought = story.buy("2@100");
        const sold = story.sell("1@110");
        expect(factsOf(story.reverse(bought.tradeId))).to.include({
          blockingTradeId: sold.tradeId,
        });
      });

      it("refuses a buy from whose lot was withdrawn: that cannot be undone", () => {
        const story = fundedStory(costMethod);
        const bought = story.buy("2@100");
        story.withdraw("BTC", "1");
        const refused = story.reverse(bought.tradeId);
        expect(codeOf(refused)).to.equal("REVERSAL_NOT_EXACT");
        expect(factsOf(refused)).to.include({ blockingType: "withdrawal" });
      });

      it("refuses a trade whose third-asset fee was followed by another", () => {
        const story = fundedStory(costMethod);
        story.deposit("BNB", "1", { unitCost: "300" });
        const first = story.buy("1@100", { fee: "0.01", feeCurrency: "BNB" });
        const second = story.trade("buy", "1@50", {
          instrumentId: "binance:ETH-USDT",
          fee: "0.01",
          feeCurrency: "BNB",
        });
        expect(factsOf(story.reverse(first.tradeId))).to.deep.equal({
          blockingInstrumentId: "binance:ETH-USDT",
          blockingTradeId: second.tradeId,
        });
      });

      it("refuses a sell whose proceeds have left", () => {
        const story = fundedStory(costMethod);
        story.buy("1@100");
        const { tradeId } = story.sell("1@90");
        story.withdraw("USDT", "9990");
        const refused = story.reverse(tradeId);
        expect(codeOf(refused)).to.equal("INSUFFICIENT_FUNDS");
        expect(factsOf(refused)).to.deep.equal({ asset: "USDT", required: "90", available: "0" });
      });
    });
  }

  it("takes back a buy after sells from older lots, with FIFO", () => {
    const story = fundedStory("fifo");
    story.buy("2@100");
    const bought = story.buy("1@130");
    const sold = story.sell("1@110");
    expect(decimalText(reversedOf(story.reverse(bought.tradeId)).realisedNet)).to.equal("0");
    expect(lotNumbers(story)).to.deep.equal([1]);
    expect(decimalText(story.holding("BTC").cost)).to.equal("100");
    reversedOf(story.reverse(sold.tradeId));
    expect(decimalText(story.holding("BTC").cost)).to.equal("200");
  });

  it("takes back a buy whose lot is the oldest, but whole, with FIFO", () => {
    const story = fundedStory("fifo");
    story.buy("2@100");
    const bought = story.buy("1@130");
    story.sell("2@110");
    expect(lotNumbers(story)).to.deep.equal([2]);
    reversedOf(story.reverse(bought.tradeId));
    expect(lotNumbers(story)).to.deep.equal([]);
    expect(story.holding("BTC").oldestLot.lot).to.equal(0);
  });

  it("refuses the same at average cost: what was sold took a share of it", () => {
    const story = fundedStory("average");
    story.buy("2@100");
    const bought = story.buy("1@130");
    const sold = story.sell("1@110");
    expect(factsOf(story.reverse(bought.tradeId))).to.include({ blockingTradeId: sold.tradeId });
  });

  it("never gives a lot's number again", () => {
    const story = fundedStory("average");
    const { tradeId } = story.buy("1@100");
    story.reverse(tradeId);
    expect(story.buy("1@100").lotsOpened[0]?.lot).to.equal(2);
  });

  it("refuses a trade that was never recorded", () => {
    expect(codeOf(fundedStory("average").reverse("404"))).to.equal("TRADE_UNKNOWN");
  });

  it("takes a second reversal as a repeat", () => {
    const story = fundedStory("average");
    const { tradeId } = story.buy("1@100");
    story.reverse(tradeId);
    const again = story.reverse(tradeId);
    expect(again).to.deep.equal({ outcome: "accepted", events: [], answer: { duplicate: true } });
  });

  it("keeps the reversed fill away, and takes its correction under the same id", () => {
    const story = fundedStory("average");
    const fill = story.fill("buy", "1@100");
    story.run("RecordTrade", fill);
    story.reverse(`${fill["tradeId"]}`);
    expect(story.run("RecordTrade", fill)).to.deep.equal([]);
    const corrected = { ...fill, price: "101" };
    expect(story.run("RecordTrade", corrected)).to.have.lengthOf(1);
    expect(story.run("RecordTrade", corrected)).to.have.lengthOf(0);
    expect(codeOf(story.try("RecordTrade", fill))).to.equal("TRADE_ID_CONFLICT");
    expect(decimalText(story.holding("BTC").cost)).to.equal("101");
  });

  it("forgets how to undo the oldest movements", () => {
    const story = fundedStory("fifo");
    const [first, second] = [story.buy("1@1"), story.buy("1@1")];
    for (let more = 1; more < MAX_REVERSIBLE_MOVEMENTS; more += 1) story.buy("1@1");
    expect(codeOf(story.reverse(first.tradeId))).to.equal("REVERSAL_TOO_OLD");
    expect(codeOf(story.reverse(second.tradeId))).to.equal("accepted");
  });
});

describe("the lots kept for reversals", () => {
  const LOTS = MAX_LOTS_KEPT_FOR_REVERSAL / 2 + 1;

  function storyOfManyLots(lots: number): Story {
    const story = fundedStory("fifo");
    for (let lot = 1; lot <= lots; lot += 1) story.buy("0.001@1");
    return story;
  }

  it("are counted once, however often a sell is taken back", () => {
    const story = storyOfManyLots(LOTS);
    for (let round = 1; round <= 3; round += 1) {
      const sold = story.sell(`${LOTS / 1_000}@2`);
      expect(codeOf(story.reverse(sold.tradeId))).to.equal("accepted");
    }
    expect(lotNumbers(story)).to.have.lengthOf(LOTS);
  });

  it("beyond the limit make the oldest movements be forgotten", () => {
    const story = storyOfManyLots(2 * LOTS);
    const other = story.trade("buy", "1@1", { instrumentId: "binance:ETH-USDT" });
    story.sell(`${LOTS / 1_000}@2`);
    const last = story.sell(`${LOTS / 1_000}@2`);
    const early = story.reverse(other.tradeId, "binance:ETH-USDT");
    expect(codeOf(early)).to.equal("REVERSAL_TOO_OLD");
    expect(codeOf(story.reverse(last.tradeId))).to.equal("accepted");
  });
});

function live(steps: readonly Step[], costMethod: string): { story: Story; taken: Step[] } {
  const story = fundedStory(costMethod);
  story.deposit("BNB", "2", { unitCost: "17" });
  const taken = steps.filter(([type, data]) => {
    const decision = story.try(type, data);
    return decision.outcome === "accepted" && decision.events.length > 0;
  });
  return { story, taken };
}

function reverseStep(story: Story, [, data]: Step): Decision<PortfolioEvent> {
  return story.reverse(`${data["tradeId"]}`, `${data["instrumentId"]}`);
}

describe("random reversals (a failing run prints its seed)", () => {
  it("the last trade taken back leaves everything as before it", () => {
    fc.assert(
      fc.property(anySteps, anyMethod, (list, costMethod) => {
        const { taken } = live(inOrder(list), costMethod);
        const last = taken.at(-1);
        fc.pre(last?.[0] === "RecordTrade");
        if (!last) return;
        const before = live(taken.slice(0, -1), costMethod).story.snapshot();
        const { story } = live(taken, costMethod);
        const decision = reverseStep(story, last);
        if (codeOf(decision) !== "INSUFFICIENT_FUNDS") {
          expectTold(story, reversedOf(decision));
          expect(story.snapshot()).to.deep.equal(before);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("taking back one by one, newest first, never meets a refusal but for cash", () => {
    fc.assert(
      fc.property(anySteps, anyMethod, (list, costMethod) => {
        const trades = inOrder(list).filter(([type]) => type === "RecordTrade");
        const { story, taken } = live(trades, costMethod);
        const empty = live([], costMethod).story.snapshot();
        for (const step of taken.toReversed()) {
          if (codeOf(reverseStep(story, step)) === "INSUFFICIENT_FUNDS") return;
        }
        expect(story.snapshot()).to.deep.equal(empty);
      }),
      { numRuns: RUNS },
    );
  });

  it("any trade that can be taken back leaves everything as if it had never been", () => {
    fc.assert(
      fc.property(anySteps, anyMethod, fc.nat(), (list, costMethod, place) => {
        const withoutAssuming = inOrder(list).map(([type, data]): Step => {
          return [type, type === "RecordTrade" ? { ...data, onShortfall: "refuse" } : data];
        });
        const { story, taken } = live(withoutAssuming, costMethod);
        const trades = taken.filter(([type]) => type === "RecordTrade");
        const chosen = trades[trades.length === 0 ? 0 : place % trades.length];
        if (!chosen || codeOf(reverseStep(story, chosen)) !== "accepted") return;
        const others = taken.filter((step) => step !== chosen);
        const without = live(others, costMethod);
        if (without.taken.length < others.length) return;
        expect(unnumbered(story)).to.deep.equal(unnumbered(without.story));
      }),
      { numRuns: RUNS * 3 },
    );
  });
});

/** The event tells every holding as the state has it. */
function expectTold(story: Story, { holdings }: TradeReversed): void {
  for (const after of holdings) {
    expect(readable(after)).to.deep.equal(readable(holdingAfter(story.holding(after.asset))));
  }
}

/** Lots by their rank: numbers are never given again, so they differ. */
function unnumbered(story: Story): unknown {
  const text = JSON.stringify(story.snapshot(), (name, value: unknown) => {
    return name === "lot" || name === "firstOpenLot" ? undefined : value;
  });
  return JSON.parse(text);
}
