import { expect } from "chai";
import fc from "fast-check";
import { type Decimal, decimal, product, ZERO } from "../../platform/kernel/decimal.ts";
import type { CommandLine } from "../command-line.ts";
import { demoMarket } from "./market.ts";
import { createDemoTraders, DEMO_PORTFOLIOS } from "./traders.ts";

const START_MS = 1_700_000_000_000;

function commandsOf(seed: number, seconds: number): CommandLine[] {
  const traders = createDemoTraders(seed);
  const market = demoMarket({ seed, startMs: START_MS }).take(seconds);
  return [...traders.open(START_MS), ...market.flatMap((second) => traders.trade(second))];
}

describe("demo traders", () => {
  it("do the same for the same seed", () => {
    expect(commandsOf(5, 600)).to.deep.equal(commandsOf(5, 600));
  });

  it("pay fees in the quote, in what they buy and in a third asset, and earn rebates", () => {
    const fees = commandsOf(1, 3_600)
      .filter(({ type }) => type === "RecordTrade")
      .map(({ data }) => feeKind(data));
    expect([...new Set(fees)].sort()).to.deep.equal(["base", "quote", "rebate", "third"]);
  });

  it("all trade, and on both sides", () => {
    const trades = commandsOf(1, 3_600).filter(({ type }) => type === "RecordTrade");
    for (const id of DEMO_PORTFOLIOS) {
      const sides = trades.filter((trade) => trade.id === id).map(({ data }) => data.side);
      expect([...new Set(sides)].sort(), id).to.deep.equal(["buy", "sell"]);
    }
  });

  it("never give what they do not hold", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const holdings = new Map<string, Decimal>();
        for (const command of commandsOf(seed, 900)) {
          for (const [asset, amount] of movements(command)) {
            const key = `${command.id} ${asset}`;
            const after = (holdings.get(key) ?? ZERO).plus(amount);
            holdings.set(key, after);
          }
          for (const [key, quantity] of holdings) expect(quantity.gte(0), key).to.equal(true);
        }
      }),
      { numRuns: 10 },
    );
  });
});

function movements({ type, data }: CommandLine): [string, Decimal][] {
  if (type === "DepositFunds") return [[text(data.asset), decimal(text(data.amount))]];
  if (type !== "RecordTrade") return [];
  const [base = "", quote = ""] = text(data.instrumentId).replace("demo:", "").split("-");
  const sign = data.side === "buy" ? 1 : -1;
  const quantity = decimal(text(data.quantity));
  return [
    [base, quantity.times(sign)],
    [quote, product(quantity, decimal(text(data.price))).times(-sign)],
    [text(data.feeCurrency), decimal(text(data.fee)).negated()],
  ];
}

function feeKind(data: CommandLine["data"]): string {
  if (decimal(text(data.fee)).lt(0)) return "rebate";
  const [base, quote] = text(data.instrumentId).replace("demo:", "").split("-");
  if (data.feeCurrency === base) return "base";
  return data.feeCurrency === quote ? "quote" : "third";
}

function text(value: unknown): string {
  expect(value).to.be.a("string");
  return value as string;
}
