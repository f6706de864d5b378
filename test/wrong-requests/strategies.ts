import {
  nobodyAt,
  PAGES,
  refused,
  texts,
  type WrongRange,
  wrongQuery,
  wrongValues,
} from "./values.ts";

const NO_STRATEGY = nobodyAt("s-none");
const VERSIONS = ["0", "-1", "1.5", "1000001", "", "one"];
const LONG_NUMBER = `0.${"1234567890".repeat(3)}`;

const DOCUMENT = [
  ...texts("name", 80),
  ...texts("type", 40),
  ...wrongValues("rules", "size", ["[]", `[${"{},".repeat(50)}{}]`]),
  ...wrongValues("rules", "type", [
    rule("indicator", '"MACHINE"'),
    rule("indicator", '"RSI(0)"'),
    rule("condition", '"rises"'),
    rule("condition", '"above_"'),
    rule("condition", '"above_70; DROP"'),
    rule("action", '"short"'),
    rule("size", "-1"),
    rule("params", '{"period":0}'),
    rule("params", '{"a b":1}'),
    rule("unknown", "1"),
  ]),
  ...wrongValues("risk_profile", "range", [
    '{"max_loss":0,"volatility":0.2}',
    '{"max_loss":1.1,"volatility":0.2}',
    '{"max_loss":0.1,"volatility":0}',
    '{"max_loss":0.1,"volatility":"extreme"}',
    '{"max_loss":0.1}',
    `{"max_loss":0.1,"volatility":0.2,"other":${LONG_NUMBER}}`,
  ]),
  ...wrongValues("tags", "type", ['["a",1]', '"a"', `[${'"a",'.repeat(20)}"a"]`]),
  ...wrongValues("instruments", "type", ['"binance:BTC-USDT"', '["a b"]', "null"]),
  ...wrongValues("interval", "type", ['"7m"', '"1H"', "60", "null"]),
  ...wrongValues("portfolio", "type", ['"a b"', "1", "null"]),
  ...wrongValues("attributes", "type", ["[]", '"a"', "null", `{"a":${LONG_NUMBER}}`]),
  ...wrongValues("attributes", "size", [
    `{"${"x".repeat(101)}":1}`,
    `{"a":"${"x".repeat(16 * 1024)}"}`,
  ]),
  ...["status", "version", "ownerId"].flatMap((field) => {
    return wrongValues(field, "unknown field", ['"1"']);
  }),
];

/** Ranges of the strategies' context, by operation. */
export const strategyRanges: Readonly<Record<string, readonly WrongRange[]>> = {
  createStrategyDocument: [
    ...DOCUMENT,
    ...wrongValues("_id", "type", ['""', '"a b"', "1", "null", `"${"x".repeat(129)}"`]),
    refused("STRATEGY_EXISTS", "again, under another name", { name: '"Another"' }),
  ],
  createStrategy: [
    ...DOCUMENT,
    refused("STRATEGY_EXISTS", "again, under another name", { name: '"Another"' }),
  ],
  reviseStrategy: [...DOCUMENT, NO_STRATEGY],
  forkStrategy: [
    ...wrongValues("source", "type", ['""', '"a b"', "1", "null"]),
    ...texts("name", 80),
    {
      ...refused("STRATEGY_NOT_FOUND", "of nobody", { source: '"s-none"' }),
      path: { id: "s-none" },
    },
    refused("STRATEGY_EXISTS", "under an id that is taken"),
  ],
  activateStrategy: [NO_STRATEGY, refused("STRATEGY_INCOMPLETE", "without an instrument")],
  pauseStrategy: [
    ...texts("reason", 500),
    NO_STRATEGY,
    refused("STRATEGY_NOT_ACTIVE", "while it is a draft"),
  ],
  archiveStrategy: [...texts("reason", 500), NO_STRATEGY],
  publishStrategy: [
    ...wrongValues("visibility", "type", ['"everyone"', '"private"', "null"]),
    NO_STRATEGY,
  ],
  unpublishStrategy: [NO_STRATEGY],
  listStrategies: [
    ...PAGES,
    ...wrongQuery("text", ["", "x".repeat(201)]),
    ...wrongQuery("tag", ["", "x".repeat(41)]),
    ...wrongQuery("instrument", ["", "a b"]),
    ...wrongQuery("status", ["", "ACTIVE", "deleted"]),
  ],
  getStrategy: [NO_STRATEGY],
  listStrategyVersions: [...PAGES, NO_STRATEGY],
  getStrategyVersion: [
    ...VERSIONS.filter((version) => version !== "").map((version): WrongRange => {
      return { name: `version ${version}`, path: { version } };
    }),
    { name: "no such version", path: { version: "99" }, status: 404, code: "NOT_FOUND" },
    NO_STRATEGY,
  ],
  diffStrategyVersions: [
    ...wrongQuery("fromVersion", VERSIONS),
    ...wrongQuery("toVersion", VERSIONS),
    {
      name: "no such version",
      query: { toVersion: "99" },
      status: 404,
      code: "NOT_FOUND",
    },
    NO_STRATEGY,
  ],
};

/** A rule with one field in other words. */
function rule(field: string, source: string): string {
  const right = { indicator: '"RSI"', condition: '"above_70"', action: '"sell"', [field]: source };
  const members = Object.entries(right).map(([name, value]) => `"${name}":${value}`);
  return `[{${members.join(",")}}]`;
}
