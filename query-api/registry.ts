import type { Route } from "../platform/http/route.ts";
import type { EquityCurveReader } from "../projections/equity-curve/store.ts";
import type { PortfolioReader } from "../projections/portfolios/store.ts";
import { registeredProjection } from "../projections/registry.ts";
import type { RiskReader } from "../projections/risk/store.ts";
import type { SocialReader } from "../projections/social/store.ts";
import type { StrategyReader } from "../projections/strategies/store.ts";
import type { MarketReader } from "../projections/ticks-and-candles/store.ts";
import { equityCurveRoutes } from "./equity-curve/routes.ts";
import { overviewRoutes } from "./overview/routes.ts";
import { portfolioRoutes } from "./portfolios/routes.ts";
import type { QueryParts } from "./reading/query-route.ts";
import type { ReadModel } from "./reading/read-model.ts";
import { riskRoutes } from "./risk/routes.ts";
import { socialRoutes } from "./social/routes.ts";
import { strategyRoutes } from "./strategies/routes.ts";
import { marketRoutes } from "./ticks-and-candles/routes.ts";

/** What each projection's read model can be asked. A new one is a line here and two below. */
export interface Readers {
  readonly "equity-curve": EquityCurveReader;
  readonly portfolios: PortfolioReader;
  readonly risk: RiskReader;
  readonly social: SocialReader;
  readonly strategies: StrategyReader;
  readonly "ticks-and-candles": MarketReader;
}

export const readModelNames = [
  "equity-curve",
  "portfolios",
  "risk",
  "social",
  "strategies",
  "ticks-and-candles",
] as const satisfies readonly (keyof Readers)[];

/** Of all of them: together they are one picture of the platform. */
export const readModelTopics: readonly string[] = [
  ...new Set(readModelNames.flatMap((name) => registeredProjection(name).projection.topics)),
];

export type Models = { readonly [Name in keyof Readers]: ReadModel<Readers[Name]> };

/** The routes of every query; some ask one read model, some several. */
export function readModelRoutes(models: Models, parts: QueryParts): readonly Route[] {
  return [
    ...portfolioRoutes(models.portfolios, parts),
    ...riskRoutes(models, parts),
    ...equityCurveRoutes(models["equity-curve"], models.portfolios, parts),
    ...socialRoutes(models.social, parts),
    ...strategyRoutes(models.strategies, parts),
    ...overviewRoutes(models, parts),
    ...marketRoutes(models["ticks-and-candles"], parts),
  ];
}
