import { expect } from "chai";
import { createRandom } from "../../../../cli/demo/random.ts";
import { decimal } from "../../../../platform/kernel/decimal.ts";
import { DAY_MS, MINUTE_MS } from "../../../../platform/market/interval.ts";
import { given } from "../../../../test/given.ts";
import { decider } from "./decide.ts";
import type { RiskEvent } from "./events.ts";
import { assess, assessMinute, Book, context, factsOf, limit, START_MS } from "./story.fixture.ts";

const STEPS = 10_000;
const RESTART_EVERY = 250;
const names = (events: readonly RiskEvent[]) => events.map(({ type }) => type);
const drawdown = limit("drawdown", "0.2", { warnAt: decimal("0.1") });
const at = (price: string) => assess({ BTC: "1" }, { price, net: "60000" });

describe("a limit on risk", () => {
  it("warns, is breached, and is cleared below its threshold by the hysteresis", () => {
    const book = new Book();
    book.does(drawdown);
    const prices = ["60000", "54000", "47000", "48500", "51000", "53000", "59000"];
    const told = prices.map((price) => names(book.does(at(price))).slice(1));
    expect(told).to.deep.equal([
      [],
      ["LimitWarned"],
      ["LimitBreached"],
      [],
      ["LimitWarned"],
      [],
      ["LimitCleared"],
    ]);
  });

  it("is breached at once by a gap, and numbers its breaches", () => {
    const book = new Book();
    book.does(drawdown);
    const ids = ["60000", "30000", "60000", "30000"].flatMap((price) => {
      return book.does(at(price)).flatMap((event) => {
        return event.type === "LimitBreached" ? [event.data.breachId] : [];
      });
    });
    expect(ids).to.deep.equal(["drawdown#1", "drawdown#2"]);
  });

  it("is measured at once when it is set, and once for the same words", () => {
    const book = new Book();
    book.does(at("60000"));
    book.does(at("40000"));
    expect(names(book.does(drawdown))).to.deep.equal(["RiskLimitSet", "LimitBreached"]);
    expect(book.does(drawdown)).to.deep.equal([]);
  });

  it("measures from a reset on, so that it does not fire again at once", () => {
    const book = new Book();
    book.does(drawdown);
    for (const price of ["60000", "40000"]) book.does(at(price));
    const reset = { kind: "drawdown", asset: null, reason: "sold" } as const;
    const told = names(book.does({ type: "ResetLimit", data: reset }));
    expect(told).to.deep.equal(["RiskLimitReset", "LimitCleared"]);
    expect(names(book.does(at("38000")))).to.deep.equal(["RiskAssessed"]);
    expect(names(book.does(at("31000")))).to.deep.equal(["RiskAssessed", "LimitBreached"]);
  });

  it("on the loss of a day begins anew with each UTC day", () => {
    const book = new Book();
    book.does(limit("daily_loss", "0.1"));
    const told = (day: number, price: string) => {
      book.nowMs = START_MS + day * DAY_MS + book.events.length * MINUTE_MS;
      return names(book.does(assessMinute(at(price), book.nowMs))).slice(1);
    };
    expect(told(0, "60000")).to.deep.equal([]);
    expect(told(0, "50000")).to.deep.equal(["LimitBreached"]);
    expect(told(1, "50000")).to.deep.equal(["LimitCleared"]);
    expect(told(1, "46000")).to.deep.equal([]);
  });

  it("is acknowledged while it is breached, and only once", () => {
    const book = new Book();
    book.does(drawdown);
    for (const price of ["60000", "30000"]) book.does(at(price));
    const seen = {
      type: "AcknowledgeBreach",
      data: { kind: "drawdown", asset: null, note: null },
    } as const;
    expect(names(book.does(seen))).to.deep.equal(["BreachAcknowledged"]);
    expect(book.does(seen)).to.deep.equal([]);
    given(decider, [], context).when(drawdown).and().when(seen).thenRefused("NO_OPEN_BREACH");
  });

  it("asks once for each breach that the positions be closed, where that is its action", () => {
    const book = new Book();
    book.does(limit("drawdown", "0.2", { action: "close" }));
    const told = ["60000", "40000", "39000"].flatMap((price) => names(book.does(at(price))));
    expect(told.filter((name) => name === "PositionLiquidationRequested")).to.have.length(1);
  });

  it("tells one event per transition on a walk of 10,000 steps, and none after a restart", () => {
    const random = createRandom(20_260_101);
    const book = new Book();
    book.does(limit("drawdown", "0.15", { warnAt: decimal("0.1") }));
    book.does(limit("position_notional", "66000", { warnAt: decimal("63000"), asset: "BTC" }));
    let price = 60_000;
    for (let step = 1; step <= STEPS; step += 1) {
      price += (60_000 - price) / 50 + (random.uniform() - 0.5) * 4_000;
      if (step % RESTART_EVERY === 0) {
        const before = names(book.does(at(price.toFixed(2))));
        book.restart();
        expect(names(book.does(at(price.toFixed(2)))), `after ${before}`).to.deep.equal([
          "RiskAssessed",
        ]);
      } else book.does(at(price.toFixed(2)));
    }
    for (const limitId of ["drawdown", "position_notional:BTC"]) {
      const told = book.events.flatMap((event) => {
        return "limitId" in event.data && event.data.limitId === limitId && "from" in event.data
          ? [event]
          : [];
      });
      const twice = told.filter((event, index) => event.type === told[index - 1]?.type);
      expect(twice).to.deep.equal([]);
      expect(told.length).to.be.within(10, STEPS / 10);
    }
  });

  it("is of an open portfolio", () => {
    const facts = { ...factsOf("0"), portfolio: null };
    given(decider, [], { ...context, facts })
      .when(drawdown)
      .thenRefused("RISK_PORTFOLIO_UNKNOWN");
  });
});
