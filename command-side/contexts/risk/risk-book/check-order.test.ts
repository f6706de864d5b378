import { expect } from "chai";
import { decimal } from "../../../../platform/kernel/decimal.ts";
import type { CheckOrder } from "./commands.ts";
import { decider } from "./decide.ts";
import type { RiskFacts } from "./facts.ts";
import { assess, Book, context, factsOf, limit } from "./story.fixture.ts";

const order = (more: Partial<CheckOrder["data"]> = {}): CheckOrder => ({
  type: "CheckOrder",
  data: {
    instrumentId: "binance:BTC-USDT",
    side: "buy",
    quantity: decimal("0.5"),
    price: decimal("60000"),
    reduceOnly: false,
    ...more,
  },
});
const sell = { side: "sell" } as const;

/** The codes of the denial; none where the order is let through. */
function codesOf(book: Book, command: CheckOrder, facts: RiskFacts = factsOf("40000", "1")) {
  const decided = decider.decide(book.state, command, {
    ...context,
    actor: "tester",
    authority: "all",
    view: null,
    facts,
  });
  if (decided.outcome === "refused") throw new Error(decided.refusal.code);
  const told = decided.events.flatMap(({ type, data }) =>
    type === "OrderDenied" ? data.codes : [],
  );
  const { allowed, reasons } = decided.answer as { allowed: boolean; reasons: { code: string }[] };
  expect(reasons.map(({ code }) => code)).to.deep.equal(told);
  expect(allowed).to.equal(told.length === 0);
  return told;
}

function assessedBook(): Book {
  const book = new Book();
  book.does(assess({ USDT: "40000", BTC: "1" }));
  return book;
}

describe("the check of an order before it is placed", () => {
  it("lets through what nothing stands against, and appends nothing", () => {
    expect(codesOf(assessedBook(), order())).to.deep.equal([]);
    expect(codesOf(assessedBook(), order(sell))).to.deep.equal([]);
  });

  it("names every reason at once", () => {
    const off = order({ price: decimal("60000.001"), quantity: decimal("3.00001") });
    const codes = codesOf(assessedBook(), off);
    expect(codes).to.deep.equal(["PRICE_OFF_STEP", "QUANTITY_OFF_STEP", "INSUFFICIENT_BALANCE"]);
  });

  it("asks the instrument and the portfolio as they are now", () => {
    const facts = factsOf("40000", "1");
    const unknown = { ...facts, instrument: null };
    expect(codesOf(assessedBook(), order(), unknown)).to.deep.equal(["INSTRUMENT_UNKNOWN"]);
    const closed = { ...facts, portfolio: null };
    expect(codesOf(assessedBook(), order(), closed)).to.deep.equal(["PORTFOLIO_NOT_OPEN"]);
    const little = order({ quantity: decimal("0.001"), price: decimal("4") });
    expect(codesOf(assessedBook(), little)).to.deep.equal(["NOTIONAL_TOO_SMALL"]);
    const poor = order({ ...sell, quantity: decimal("1.5") });
    expect(codesOf(assessedBook(), poor)).to.deep.equal(["INSUFFICIENT_BALANCE"]);
  });

  it("tells that nothing was assessed yet", () => {
    expect(codesOf(new Book(), order())).to.deep.equal(["NOT_ASSESSED"]);
  });

  it("lets only through what the trading state allows", () => {
    const book = assessedBook();
    const state = (to: "reducing" | "halted") => {
      book.does({ type: "SetTradingState", data: { state: to, reason: "test" } });
    };
    state("reducing");
    expect(codesOf(book, order())).to.deep.equal(["TRADING_REDUCING"]);
    expect(codesOf(book, order(sell))).to.deep.equal([]);
    state("halted");
    expect(codesOf(book, order(sell))).to.deep.equal(["TRADING_HALTED"]);
  });

  it("keeps a reduce-only order from increasing the exposure", () => {
    expect(codesOf(assessedBook(), order({ reduceOnly: true }))).to.deep.equal(["NOT_REDUCING"]);
    expect(codesOf(assessedBook(), order({ ...sell, reduceOnly: true }))).to.deep.equal([]);
  });

  it("measures limits as they would be after the order", () => {
    for (const [kind, at] of [
      ["order_notional", "29999"],
      ["gross_exposure", "90000"],
      ["position_notional", "80000"],
      ["leverage", "0.9"],
    ] as const) {
      const book = assessedBook();
      book.does(limit(kind, at, { action: "block_new" }));
      expect(codesOf(book, order()), kind).to.deep.equal(["LIMIT_WOULD_BREAK"]);
      expect(codesOf(book, order({ quantity: decimal("0.001") })), kind).to.deep.equal([]);
    }
  });

  it("stops what increases exposure while a limit is breached, unless it only alerts", () => {
    for (const [action, codes] of [
      ["alert", []],
      ["reduce_only", ["LIMIT_BREACHED"]],
    ] as const) {
      const book = assessedBook();
      book.does(limit("leverage", "0.5", { action }));
      expect(codesOf(book, order())).to.deep.equal(codes);
      expect(codesOf(book, order(sell))).to.deep.equal([]);
    }
  });
});
