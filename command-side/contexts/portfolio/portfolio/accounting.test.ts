/**
 * The identities of accounting, over random lives of a portfolio. A failing run prints its seed;
 * `fc.assert(…, { seed, path })` plays it again.
 */
import { expect } from "chai";
import fc from "fast-check";
import { type Decimal, decimalText, ZERO } from "../../../../platform/kernel/decimal.ts";
import { decider } from "./decide.ts";
import type { PortfolioEvent, Posting } from "./events.ts";
import type { Holding } from "./holding.ts";
import { openLots } from "./lots.ts";
import { lotsOf } from "./open-state.ts";
import { anyMethod, anySteps, inOrder, type Step } from "./steps.fixture.ts";
import { openStory, type Story, snapshotOf, throughAvro } from "./story.fixture.ts";

const RUNS = 200;

function live(
  list: readonly Step[],
  data: Record<string, unknown>,
  check = (_: Story) => {},
): Story {
  const story = openStory(data);
  story.deposit("USDT", "5000");
  story.deposit("BNB", "2", { unitCost: "17" });
  for (const [type, payload] of list) if (isAccepted(story, type, payload)) check(story);
  return story;
}

function isAccepted(story: Story, ...[type, payload]: Step): boolean {
  return story.try(type, payload).outcome === "accepted";
}

function expectBalanced(postings: readonly Posting[]): void {
  const sums = new Map<string, Decimal>();
  for (const { asset, amount } of postings) {
    sums.set(asset, (sums.get(asset) ?? ZERO).plus(amount));
  }
  for (const [asset, sum] of sums) expect(decimalText(sum), `postings of ${asset}`).to.equal("0");
}

function expectSoundHolding(story: Story, holding: Holding): void {
  const { asset, quantity, cost, grossCost } = holding;
  const balance = story.balance(`assets:${asset}:free`);
  expect(decimalText(quantity), `${asset} in the ledger`).to.equal(decimalText(balance));
  expect(quantity.gte(0), `${asset} is not short`).to.equal(true);
  if (asset === "USDT") {
    expect(decimalText(cost)).to.equal(decimalText(quantity));
    return;
  }
  if (quantity.isZero()) expect([cost, grossCost].map(decimalText)).to.deep.equal(["0", "0"]);
  const [oldest, ...others] = openLots(lotsOf(story.state, asset));
  const left = [...(oldest ? [holding.oldestLot] : []), ...others];
  expect(holding.oldestLot.lot).to.equal(oldest?.lot ?? 0);
  expect(sumOf(left, "quantity"), `lots of ${asset}`).to.equal(decimalText(quantity));
  if (story.state.costMethod === "average") return;
  expect(sumOf(left, "cost"), `cost of the lots of ${asset}`).to.equal(decimalText(cost));
  expect(sumOf(left, "grossCost")).to.equal(decimalText(grossCost));
}

function sumOf<Name extends string>(list: readonly Record<Name, Decimal>[], name: Name): string {
  return decimalText(list.reduce((sum, one) => sum.plus(one[name]), ZERO));
}

/** What came in less what went out, at cost; fees of unknown value go out at cost, too. */
function contributedBy({ type, data }: PortfolioEvent): Decimal {
  switch (type) {
    case "FundsDeposited":
      return data.asset === "USDT" ? data.amount : sumLots(data.lotsOpened);
    case "FundsWithdrawn":
      return data.asset === "USDT" ? data.amount.negated() : sumLots(data.lotsConsumed).negated();
    case "TradeRecorded": {
      const isThird = data.feeCurrency !== data.base && data.feeCurrency !== data.quote;
      const fees = data.lotsConsumed.filter(({ asset }) => asset === data.feeCurrency);
      const unvalued = isThird && data.feeValue === null ? sumLots(fees) : ZERO;
      return assumedCash(data.postings).minus(unvalued);
    }
    default:
      return ZERO;
  }
}

function assumedCash(postings: readonly Posting[]): Decimal {
  const assumed = postings.find(({ account }) => account === "equity:assumed:USDT");
  return assumed ? assumed.amount.negated() : ZERO;
}

function sumLots(lots: readonly { readonly cost: Decimal }[]): Decimal {
  return lots.reduce((sum, { cost }) => sum.plus(cost), ZERO);
}

function totals(story: Story): { cost: Decimal; realised: Decimal } {
  const holdings = [...story.state.holdings.values()];
  return {
    cost: holdings.reduce((sum, { cost }) => sum.plus(cost), ZERO),
    realised: holdings.reduce((sum, { realisedNet }) => sum.plus(realisedNet), ZERO),
  };
}

describe("identities of accounting", () => {
  it("postings sum to zero per asset, and holdings are the ledger's balances and lots", () => {
    fc.assert(
      fc.property(anySteps, anyMethod, (list, method) => {
        live(inOrder(list), { costMethod: method }, (story) => {
          const last = story.events.at(-1);
          if (last && "postings" in last.data) expectBalanced(last.data.postings);
          for (const holding of story.state.holdings.values()) expectSoundHolding(story, holding);
        });
      }),
      { numRuns: RUNS },
    );
  });

  it("cash and cost changed by what was contributed and realised, to the last digit", () => {
    fc.assert(
      fc.property(anySteps, anyMethod, (list, method) => {
        const story = live(inOrder(list), { costMethod: method });
        const contributed = story.events.reduce((sum, one) => sum.plus(contributedBy(one)), ZERO);
        const { cost, realised } = totals(story);
        expect(decimalText(cost)).to.equal(decimalText(contributed.plus(realised)));
      }),
      { numRuns: RUNS },
    );
  });

  it("trades tell the realised profit that the holdings sum up", () => {
    fc.assert(
      fc.property(anySteps, anyMethod, (list, method) => {
        const story = live(inOrder(list), { costMethod: method });
        const told = story.events.reduce((sum, { type, data }) => {
          return type === "TradeRecorded" ? sum.plus(data.realisedNet).plus(data.feeRealised) : sum;
        }, ZERO);
        expect(decimalText(told)).to.equal(decimalText(totals(story).realised));
      }),
      { numRuns: RUNS },
    );
  });

  it("average cost and FIFO end at one total where every trade has a value", () => {
    fc.assert(
      fc.property(anySteps, (list) => {
        const valued = inOrder(list).filter(([type]) => type !== "WithdrawFunds");
        const priced = valued.map(([type, data]): Step => {
          const rates = { feeRate: "3", quoteRate: "7" };
          return [type, type === "RecordTrade" ? { ...data, ...rates } : data];
        });
        const [average, fifo] = ["average", "fifo"].map((method) => {
          const { cost, realised } = totals(live(priced, { costMethod: method }));
          return decimalText(realised.minus(cost));
        });
        expect(average).to.equal(fifo);
      }),
      { numRuns: RUNS },
    );
  });

  it("repeats change nothing, wherever they come", () => {
    const repeats = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 40 });
    fc.assert(
      fc.property(anySteps, anyMethod, repeats, (list, method, places) => {
        const once = live(inOrder(list), { costMethod: method });
        const kept = inOrder(list).filter(([, data]) => isRecorded(once, data));
        const again = [...kept];
        for (const [of, at] of places) {
          const place = kept.length === 0 ? 0 : of % kept.length;
          const repeated = kept[place];
          if (!repeated) continue;
          const original = again.indexOf(repeated);
          again.splice(original + 1 + (at % (again.length - original)), 0, repeated);
        }
        const story = live(again, { costMethod: method });
        expect(story.snapshot()).to.deep.equal(once.snapshot());
        expect(story.events.length).to.equal(once.events.length);
      }),
      { numRuns: RUNS },
    );
  });

  it("the fold of the events as the log holds them is the state that decided them", () => {
    fc.assert(
      fc.property(anySteps, anyMethod, (list, method) => {
        const story = live(inOrder(list), { costMethod: method });
        const folded = throughAvro(story.events).reduce(decider.evolve, decider.initialState());
        expect(folded.status).to.equal("open");
        if (folded.status === "open") expect(snapshotOf(folded)).to.deep.equal(story.snapshot());
      }),
      { numRuns: RUNS },
    );
  });
});

function isRecorded(story: Story, data: Record<string, unknown>): boolean {
  return story.events.some((event) => {
    if (event.type === "TradeRecorded") return event.data.tradeId === data["tradeId"];
    if (event.type === "FundsDeposited" || event.type === "FundsWithdrawn") {
      return event.data.externalReference === data["externalReference"];
    }
    return false;
  });
}
