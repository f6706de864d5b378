import {
  decimals,
  integers,
  LIMITS,
  nobodyAt,
  PAGES,
  refused,
  texts,
  type WrongRange,
  wrongQuery,
  wrongValues,
} from "./values.ts";

const NO_TRADER = nobodyAt("t-none");
const IDS = ['""', '"a b"', `"${"x".repeat(201)}"`, "1", "null", '["t-2"]'];
const LEADER = [...wrongValues("leader", "type", IDS), NO_TRADER];
const BLOCKED = [...wrongValues("blocked", "type", IDS), NO_TRADER];
const COPY = [
  ...LEADER,
  ...decimals("allocation"),
  ...decimals("multiplier"),
  ...wrongValues("portfolioId", "type", IDS),
  ...wrongValues("mode", "type", ['"PROPORTIONAL"', '"everything"', "null"]),
  { name: "mode multiplier without one", fields: { mode: '"multiplier"', multiplier: "null" } },
  {
    name: "a multiplier of another mode",
    fields: { mode: '"fixed_amount"', multiplier: '"2"' },
  },
];

/** Ranges of the social context, by operation. */
export const socialRanges: Readonly<Record<string, readonly WrongRange[]>> = {
  registerTrader: [
    ...integers("copierLimit", ["-1", "10001"]),
    ...wrongValues("handle", "type", ['"a"', '"a b"', '"-a"', `"${"x".repeat(31)}"`, '"ä_ö"', "1"]),
    ...wrongValues("acceptsCopiers", "type", ['"true"', "1", "null"]),
    refused("TRADER_ALREADY_REGISTERED", "again, under another handle", { handle: '"other_1"' }),
  ],
  leaveNetwork: [...texts("reason", 500), NO_TRADER],
  followTrader: [
    ...LEADER,
    refused("OWN_RELATION", "oneself", { leader: '"t-1"' }),
    refused("TRADER_UNKNOWN", "nobody", { leader: '"t-none"' }),
  ],
  unfollowTrader: LEADER,
  blockTrader: [
    ...BLOCKED,
    refused("OWN_RELATION", "oneself", { blocked: '"t-1"' }),
    refused("TRADER_UNKNOWN", "nobody", { blocked: '"t-none"' }),
  ],
  unblockTrader: BLOCKED,
  startCopying: [
    ...COPY,
    refused("OWN_RELATION", "oneself", { leader: '"t-1"' }),
    refused("TRADER_UNKNOWN", "nobody", { leader: '"t-none"' }),
  ],
  adjustCopy: [...COPY, refused("COPY_UNKNOWN", "nobody", { leader: '"t-none"' })],
  pauseCopy: [...LEADER, refused("COPY_UNKNOWN", "nobody", { leader: '"t-none"' })],
  resumeCopy: [...LEADER, refused("COPY_UNKNOWN", "nobody", { leader: '"t-none"' })],
  stopCopying: [...LEADER, ...wrongValues("closeMode", "type", ['"PRESERVE"', '"sell"', "null"])],
  listTraders: [...PAGES, ...wrongQuery("handle", ["", "a b", "x".repeat(31)])],
  getTraderOverview: [NO_TRADER],
  getTrader: [NO_TRADER],
  listFollowers: [...PAGES, NO_TRADER],
  listFollowing: [...PAGES, NO_TRADER],
  listMutuals: [...PAGES, NO_TRADER],
  listCopying: [NO_TRADER],
  listCopiers: [...LIMITS, NO_TRADER],
  getPath: [...wrongQuery("to", ["", "a b"]), NO_TRADER],
  listSuggestions: [...LIMITS, NO_TRADER],
  getInfluence: [NO_TRADER],
  listInfluence: LIMITS,
};
