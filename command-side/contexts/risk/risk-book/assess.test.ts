import { expect } from "chai";
import { decimal, decimalText } from "../../../../platform/kernel/decimal.ts";
import { DAY_MS, MINUTE_MS } from "../../../../platform/market/interval.ts";
import { given } from "../../../../test/given.ts";
import { decider } from "./decide.ts";
import { assess, assessMinute, Book, context, START_MS } from "./story.fixture.ts";

describe("an assessment of a portfolio's risk", () => {
  it("is worth its cash and its positions, with exposure, leverage and concentration", () => {
    const assessed = new Book().assessed(assess({ USDT: "40000", BTC: "1" }));
    expect(decimalText(assessed.equity)).to.equal("100000");
    expect(decimalText(assessed.grossExposure)).to.equal("60000");
    expect(assessed).to.include({ leverage: 0.6, concentration: 1, herfindahl: 1, nav: 1 });
  });

  it("does not take deposits for profit, nor withdrawals for a drawdown", () => {
    const book = new Book();
    book.assessed(assess({ USDT: "40000", BTC: "1" }));
    const more = book.assessed(assess({ USDT: "140000", BTC: "1" }, { net: "200000" }));
    expect(more).to.include({ nav: 1, drawdown: 0, units: 200_000 });
    const less = book.assessed(assess({ USDT: "0.5", BTC: "1" }, { net: "60000.5" }));
    expect(less).to.include({ nav: 1, drawdown: 0 });
    const fallen = book.assessed(
      assess({ USDT: "0.5", BTC: "1" }, { net: "60000.5", price: "30000" }),
    );
    expect(fallen.nav).to.be.closeTo(30_000.5 / 60_000.5, 1e-12);
    expect(fallen.drawdown).to.be.closeTo(1 - 30_000.5 / 60_000.5, 1e-12);
  });

  it("counts a loss at the very start as a drawdown from the starting balance", () => {
    const assessed = new Book().assessed(assess({ USDT: "50000" }));
    expect(assessed).to.include({ nav: 0.5, peakNav: 1, drawdown: 0.5, maxDrawdown: 0.5 });
  });

  it("keeps the deepest drawdown when the value has recovered", () => {
    const book = new Book();
    for (const price of ["60000", "30000", "90000"])
      book.assessed(assess({ BTC: "1" }, { price, net: "60000" }));
    expect(book.state.assessed).to.include({ drawdown: 0, maxDrawdown: 0.5, peakNav: 1.5 });
  });

  it("shows a total loss as a drawdown of everything, and a price that comes back", () => {
    const book = new Book();
    book.assessed(assess({ BTC: "1" }, { net: "60000" }));
    const lost = book.assessed(assess({ BTC: "1" }, { net: "60000", price: "0" }));
    expect(lost).to.include({ nav: 0, units: 60_000, drawdown: 1, maxDrawdown: 1 });
    const back = book.assessed(assess({ BTC: "1" }, { net: "60000", price: "30000" }));
    expect(back).to.include({ nav: 0.5, drawdown: 0.5, maxDrawdown: 1 });
  });

  it("does not take the withdrawal of everything for a loss", () => {
    const book = new Book();
    book.assessed(assess({ USDT: "100000" }));
    const emptied = book.assessed(assess({}, { net: "0" }));
    expect(emptied).to.include({ nav: 1, units: 0, drawdown: 0 });
  });

  it("begins anew where everything was lost and something comes in", () => {
    const book = new Book();
    book.assessed(assess({ USDT: "100000" }));
    expect(book.assessed(assess({}))).to.include({ nav: 0, drawdown: 1 });
    const begun = book.assessed(assess({ USDT: "500" }, { net: "100500" }));
    expect(begun).to.include({ nav: 1, units: 500, drawdown: 0 });
  });

  it("lets NAV stand still while a price is missing, and counts the flow when it is there", () => {
    const book = new Book();
    book.assessed(assess({ USDT: "100000" }));
    const command = assess({ USDT: "100000", ETH: "10" });
    const flows = [...command.data.flows, { asset: "ETH", net: decimal("10") }];
    const unpriced = { ...command.data, flows };
    const waiting = book.assessed({ type: "AssessRisk", data: unpriced });
    expect(waiting).to.include({ complete: false, nav: 1, units: 100_000 });
    const eth = { asset: "ETH", price: decimal("3000"), at: START_MS, instrumentId: null };
    const priced = book.assessed({
      type: "AssessRisk",
      data: { ...unpriced, prices: [...unpriced.prices, eth] },
    });
    expect(priced).to.include({ complete: true, nav: 1, units: 130_000 });
    expect(decimalText(priced.flow)).to.equal("30000");
  });

  it("says nothing of the tail before there are 30 daily returns, and then each figure", () => {
    const book = new Book();
    for (let day = 0; day <= 31; day += 1) {
      const price = String(60_000 + (day % 2) * 600);
      const minute = START_MS + day * DAY_MS;
      const assessed = book.assessed(
        assessMinute(assess({ BTC: "1" }, { price, net: "60000" }), minute),
      );
      if (day < 31) expect(assessed).to.deep.include({ volatility: null, tails: [] });
    }
    const assessed = book.state.assessed;
    expect(assessed?.returns).to.equal(30);
    const again = book.assessed(assess({ BTC: "1" }, { price: "50000", net: "60000" }));
    expect(again.tails).to.deep.equal(assessed?.tails);
    expect(again).to.include({ returns: 30, volatility: assessed?.volatility });
    expect(assessed?.tails[0]?.historicalVar).to.be.closeTo(1 - 60_000 / 60_600, 1e-12);
  });

  it("is refused for a minute that is not after the last, or an older state of the portfolio", () => {
    const minute = (at: number) => assessMinute(assess({ USDT: "1" }, { sequence: 5 }), at);
    const first = START_MS + MINUTE_MS;
    for (const again of [first, START_MS]) {
      given(decider, [], context)
        .when(minute(first))
        .and()
        .when(minute(again))
        .thenRefused("ASSESSMENT_STALE");
    }
    given(decider, [], context)
      .when(minute(first))
      .and()
      .when(assess({ USDT: "1" }, { sequence: 4 }))
      .thenRefused("ASSESSMENT_STALE");
  });
});
