/** Random lives of a portfolio, small enough to meet, refuse and use up what they hold. */
import fc from "fast-check";
import { decimal, decimalText } from "../../../../platform/kernel/decimal.ts";
import { NOW_MS } from "./story.fixture.ts";

export type Step = readonly [
  "DepositFunds" | "WithdrawFunds" | "RecordTrade",
  Record<string, unknown>,
];

const figure = (most: number, scale: number) =>
  fc.integer({ min: 1, max: most }).map((value) => decimalText(decimal(`${value}e-${scale}`)));

const deposit = fc.record({
  asset: fc.constantFrom("USDT", "BTC", "ETH", "BNB"),
  amount: figure(9_000, 3),
  unitCost: fc.option(figure(90_000, 3)),
});

const withdrawal = fc.record({
  asset: fc.constantFrom("USDT", "BTC", "ETH", "BNB"),
  amount: figure(3_000, 3),
});

const instruments = ["binance:BTC-USDT", "binance:ETH-USDT", "binance:ETH-BTC", "kraken:USDT-BTC"];

const trade = fc.record({
  instrumentId: fc.constantFrom(...instruments),
  side: fc.constantFrom("buy", "sell"),
  price: figure(50_000, 2),
  quantity: figure(7_000, 3),
  fee: fc.oneof(
    fc.constant("0"),
    figure(90, 4),
    figure(90, 4).map((fee) => `-${fee}`),
  ),
  feeCurrency: fc.constantFrom("USDT", "BTC", "ETH", "BNB"),
  feeRate: fc.option(figure(70_000, 2)),
  quoteRate: fc.option(figure(70_000, 2)),
  occurredAt: fc.integer({ min: NOW_MS - 1_000, max: NOW_MS }),
  onShortfall: fc.constantFrom("refuse", "assume"),
});

export const anySteps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: deposit.map((data) => ["DepositFunds", data] as const) },
    { weight: 1, arbitrary: withdrawal.map((data) => ["WithdrawFunds", data] as const) },
    { weight: 7, arbitrary: trade.map((data) => ["RecordTrade", data] as const) },
  ),
  { minLength: 1, maxLength: 40 },
);

export const anyMethod = fc.constantFrom("average", "fifo");

/** Trade ids and references by place, so that a step names the same fact wherever it is run. */
export function inOrder(list: readonly (readonly [string, Record<string, unknown>])[]): Step[] {
  return list.map(([type, data], index) => {
    const key =
      type === "RecordTrade" ? { tradeId: `${index}` } : { externalReference: `${index}` };
    const cost = data["asset"] === "USDT" && type === "DepositFunds" ? { unitCost: null } : {};
    return [type, { ...data, ...key, ...cost }] as Step;
  });
}
