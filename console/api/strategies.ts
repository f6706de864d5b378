import { at, type Call, withQuery } from "./call.ts";
import { anything, decimal, list, number, optional, record, shape, text } from "./shape.ts";

const STRATEGIES_A_PAGE = 50;

const rule = shape({
  indicator: text,
  condition: text,
  action: text,
  size: optional(decimal),
  params: optional(record(anything)),
});

/** The strategy's document keeps the names it was specified with: `_id`, `risk_profile`. */
const strategy = shape({
  _id: text,
  name: text,
  type: optional(text),
  ownerId: optional(text),
  status: text,
  version: number,
  instruments: optional(list(text)),
  interval: optional(text),
  rules: list(rule),
  risk_profile: optional(record(anything)),
});

const version = shape({
  version: number,
  createdAt: optional(text),
  rules: optional(list(rule)),
});

export type Strategy = ReturnType<typeof strategy>;
export type StrategyVersion = ReturnType<typeof version>;
export type Rule = ReturnType<typeof rule>;

export function listStrategies(cursor: string | null): Call<readonly Strategy[]> {
  const page = { limit: STRATEGIES_A_PAGE, cursor };
  return { ...withQuery(at`/v1/strategies`, page), read: list(strategy) };
}

export function getStrategy(id: string): Call<Strategy> {
  const cli = `cipherhorizon aggregates show strategy ${id}`;
  return { ...at`/v1/strategies/${id}`, read: strategy, cli };
}

export function listStrategyVersions(id: string): Call<readonly StrategyVersion[]> {
  return { ...at`/v1/strategies/${id}/versions`, read: list(version) };
}
