import {
  assets,
  decimals,
  integers,
  nobodyAt,
  PAGES,
  RANGE,
  refused,
  spotInstruments,
  texts,
  times,
  type WrongRange,
  wrongQuery,
  wrongValues,
} from "./values.ts";

const NO_BOOK = nobodyAt("p-none");
const KINDS = ['"DRAWDOWN"', '"luck"', "null", "1"];
const NAME = [
  ...wrongValues("kind", "type", KINDS),
  ...wrongValues("asset", "type", ['"b tc"', '""', "1"]),
  { name: "an asset of a kind without", fields: { asset: '"BTC"' } },
];
const REASON = texts("reason", 500);
const holding = (member: string) => `[{"asset":"BTC","quantity":"1"},{${member}}]`;

/** Ranges of the risk context, by operation. */
export const riskRanges: Readonly<Record<string, readonly WrongRange[]>> = {
  setRiskLimit: [
    ...NAME,
    ...decimals("limit"),
    ...decimals("warnAt"),
    ...decimals("hysteresis", "zero"),
    ...wrongValues("hysteresis", "range", ['"0.51"']),
    ...wrongValues("action", "type", ['"ALERT"', '"panic"', "null"]),
    { name: "a warning above the limit", fields: { warnAt: '"0.3"' } },
    { name: "a warning at the limit", fields: { warnAt: '"0.2"' } },
    { ...refused("RISK_PORTFOLIO_UNKNOWN", "of nobody's portfolio"), path: { id: "p-none" } },
  ],
  removeRiskLimit: [...NAME, ...REASON, refused("RISK_LIMIT_UNKNOWN", "one that is not set")],
  resetLimit: [...NAME, ...REASON, refused("RISK_LIMIT_UNKNOWN", "one that is not set")],
  acknowledgeBreach: [
    ...NAME,
    ...texts("note", 500),
    refused("RISK_LIMIT_UNKNOWN", "one that is not set"),
  ],
  setTradingState: [
    ...wrongValues("state", "type", ['"ACTIVE"', '"paused"', "null"]),
    ...REASON,
    { ...refused("RISK_PORTFOLIO_UNKNOWN", "of nobody's portfolio"), path: { id: "p-none" } },
  ],
  assessRisk: [
    ...integers("portfolioSequence", ["0", "-1"]),
    ...times("minuteAt"),
    ...assets("baseCurrency"),
    ...wrongValues("trigger", "type", ['"tick"', "null"]),
    { name: "a minute without its time", fields: { trigger: '"minute"' } },
    { name: "a time without a minute", fields: { minuteAt: '"2026-01-31T12:00:00Z"' } },
    { name: "an asset twice", fields: { holdings: holding('"asset":"BTC","quantity":"1"') } },
    { name: "nothing held", fields: { holdings: holding('"asset":"ETH","quantity":"0"') } },
    { name: "less than nothing", fields: { holdings: holding('"asset":"ETH","quantity":"-1"') } },
    {
      name: "an asset in small letters",
      fields: { holdings: holding('"asset":"e","quantity":"1"') },
    },
  ],
  checkOrder: [
    ...spotInstruments("instrumentId"),
    ...decimals("quantity"),
    ...decimals("price"),
    ...wrongValues("side", "type", ['"BUY"', '"short"', "null"]),
    ...wrongValues("reduceOnly", "type", ['"true"', "1", "null"]),
  ],
  getRisk: [NO_BOOK],
  listRiskLimits: [NO_BOOK],
  listBreaches: [...PAGES, NO_BOOK],
  listContributors: [NO_BOOK],
  listNearLimit: [...PAGES, ...wrongQuery("usage", ["-1", "x", "", "1e999"])],
  listEquityCurve: [...wrongQuery("order", ["", "OLDEST"]), ...PAGES, ...RANGE, NO_BOOK],
};
