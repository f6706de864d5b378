import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { PortfolioCommand } from "../../command-side/contexts/portfolio/portfolio/commands.ts";
import type {
  CostMethod,
  TradeRecorded,
} from "../../command-side/contexts/portfolio/portfolio/events.ts";
import { portfolio } from "../../command-side/contexts/portfolio/portfolio/index.ts";
import { decimalText } from "../../platform/kernel/decimal.ts";
import { given } from "../../test/given.ts";

const page = readFileSync(join(import.meta.dirname, "accounting.md"), "utf8");

describe("the worked example of accounting.md", () => {
  it("is what a portfolio at average cost decides", () => {
    expectFigures(thirdTrade("average"), {
      basis: "24825.212606303151575788",
      realisedNet: "1548.387393696848424212",
      realisedGross: "1599.599799899949974987",
      costLeft: "37206.787393696848424212",
    });
  });

  it("is what a FIFO portfolio decides", () => {
    expectFigures(thirdTrade("fifo"), {
      basis: "24024.024024024024024024",
      realisedNet: "2349.575975975975975976",
      realisedGross: "2400",
      costLeft: "38007.975975975975975976",
    });
  });
});

function thirdTrade(costMethod: CostMethod): TradeRecorded {
  const [event] = given(portfolio.decider, [])
    .when(command("OpenPortfolio", { name: "Example", baseCurrency: "USDT", costMethod }))
    .and()
    .when(command("DepositFunds", { asset: "USDT", amount: "100000", externalReference: "d-1" }))
    .and()
    .when(fill("1", "buy", { price: "60000", quantity: "0.5", fee: "0.0005", feeCurrency: "BTC" }))
    .and()
    .when(fill("2", "buy", { price: "64000", quantity: "0.5", fee: "32", feeCurrency: "USDT" }))
    .and()
    .when(fill("3", "sell", { price: "66000", quantity: "0.4", fee: "26.4", feeCurrency: "USDT" }))
    .thenAccepted();
  if (event?.type !== "TradeRecorded") throw new Error(`decided ${event?.type}`);
  return event.data;
}

function fill(tradeId: string, side: "buy" | "sell", figures: object): PortfolioCommand {
  const instrumentId = "binance:BTC-USDT";
  const occurredAt = "2026-11-01T12:00:00Z";
  return command("RecordTrade", { instrumentId, tradeId, side, occurredAt, ...figures });
}

function command(type: PortfolioCommand["type"], payload: unknown): PortfolioCommand {
  const data = portfolio.commands[type].payload.parse(payload);
  return { type, data } as PortfolioCommand;
}

/** The figures are what was decided, and the page shows them. */
function expectFigures(trade: TradeRecorded, expected: Readonly<Record<string, string>>): void {
  const bitcoin = trade.holdings.find(({ asset }) => asset === "BTC");
  if (bitcoin === undefined) throw new Error("no BTC is held");
  const { basis, realisedNet, realisedGross } = trade;
  const decided = { basis, realisedNet, realisedGross, costLeft: bitcoin.cost };
  for (const [name, figure] of Object.entries(decided)) {
    expect(decimalText(figure), name).to.equal(expected[name]);
    expect(page).to.include(grouped(decimalText(figure)));
  }
}

/** 24825.2126 as the page writes it: 24,825.2126. */
function grouped(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}
