import { expect } from "chai";
import { given } from "../../../../test/given.ts";
import type { PortfolioCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { PortfolioEvent } from "./events.ts";
import { NOW_MS, parseCommand } from "./story.fixture.ts";

const INSTRUMENT = "binance:BTC-USDT";

const deposit = (amount: string, externalReference = "d-1") =>
  parseCommand("DepositFunds", { asset: "USDT", amount, externalReference });
const withdraw = (amount: string) =>
  parseCommand("WithdrawFunds", { asset: "USDT", amount, externalReference: "w-1" });
const trade = (tradeId: string, more: object = {}) => {
  const figures = { side: "buy", price: "100", quantity: "2", occurredAt: NOW_MS - 1_000 };
  return parseCommand("RecordTrade", { instrumentId: INSTRUMENT, tradeId, ...figures, ...more });
};
const reverse = (tradeId: string) =>
  parseCommand("ReverseTrade", { instrumentId: INSTRUMENT, tradeId, reason: "wrong" });

/** A deposit, a trade that was reversed, one bought and sold again, a withdrawal, the end. */
const closed: PortfolioEvent[] = [];
for (const command of [
  parseCommand("OpenPortfolio", { name: "Test" }),
  deposit("200"),
  trade("1"),
  reverse("1"),
  trade("2"),
  trade("3", { side: "sell" }),
  withdraw("200"),
  parseCommand("ClosePortfolio", { reason: "done" }),
]) {
  closed.push(...given(decider, closed).when(command).thenAccepted());
}

describe("a closed portfolio", () => {
  const when = (command: PortfolioCommand) => given(decider, closed).when(command);

  it("is a tombstone: of all it was, its owner and its natural keys are left", () => {
    const state = closed.reduce(decider.evolve, decider.initialState());
    expect(state).to.have.all.keys("status", "owner", "knownKeys");
    expect(state).to.have.property("knownKeys").that.has.property("size", 5);
  });

  it("accepts what it recorded, sent again, without events", () => {
    for (const again of [deposit("200"), withdraw("200"), trade("1"), trade("2"), reverse("1")]) {
      when(again).then([], { duplicate: true });
    }
  });

  it("refuses other content under a reference or trade id, as it did when it was open", () => {
    when(deposit("201")).thenRefused("EXTERNAL_REFERENCE_CONFLICT", { externalReference: "d-1" });
    when(withdraw("201")).thenRefused("EXTERNAL_REFERENCE_CONFLICT");
    when(trade("2", { price: "101" })).thenRefused("TRADE_ID_CONFLICT", { tradeId: "2" });
  });

  it("takes nothing new: no trade, no reversal, no correction of what was reversed", () => {
    const corrected = trade("1", { price: "101" });
    for (const command of [
      trade("4"),
      reverse("2"),
      reverse("4"),
      corrected,
      deposit("1", "d-2"),
    ]) {
      when(command).thenRefused("PORTFOLIO_CLOSED");
    }
  });

  it("evolves no further: an event after its end is a defect", () => {
    const state = closed.reduce(decider.evolve, decider.initialState());
    const end = closed.at(-1) as PortfolioEvent;
    expect(() => decider.evolve(state, end)).to.throw("PortfolioClosed while closed");
  });
});
