import type { Route } from "../platform/http/route.ts";
import type { PortfolioReader } from "../projections/portfolios/store.ts";
import type { SocialReader } from "../projections/social/store.ts";
import type { StrategyReader } from "../projections/strategies/store.ts";
import type { MarketReader } from "../projections/ticks-and-candles/store.ts";
import { portfolioRoutes } from "./portfolios/routes.ts";
import type { QueryParts } from "./reading/query-route.ts";
import type { ReadModel } from "./reading/read-model.ts";
import { socialRoutes } from "./social/routes.ts";
import { strategyRoutes } from "./strategies/routes.ts";
import { marketRoutes } from "./ticks-and-candles/routes.ts";

/** What each projection's read model can be asked. A new one is a line here and two below. */
export interface Readers {
  readonly portfolios: PortfolioReader;
  readonly social: SocialReader;
  readonly strategies: StrategyReader;
  readonly "ticks-and-candles": MarketReader;
}

export const readModelNames = [
  "portfolios",
  "social",
  "strategies",
  "ticks-and-candles",
] as const satisfies readonly (keyof Readers)[];

export type Models = { readonly [Name in keyof Readers]: ReadModel<Readers[Name]> };

/** The routes of every query; some ask one read model, some several. */
export function readModelRoutes(models: Models, parts: QueryParts): readonly Route[] {
  return [
    ...portfolioRoutes(models.portfolios, parts),
    ...socialRoutes(models.social, parts),
    ...strategyRoutes(models.strategies, parts),
    ...marketRoutes(models["ticks-and-candles"], parts),
  ];
}
