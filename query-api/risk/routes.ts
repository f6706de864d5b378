import { z } from "zod";
import { observers, withAnyKey } from "../../platform/access/roles.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField } from "../../platform/fields/fields.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import type { RiskReader, RiskSummary, UsagePlace } from "../../projections/risk/store.ts";
import { type JoinDefinition, type JoinRead, joinRoute } from "../reading/join-route.ts";
import { ofOwnPortfolio } from "../reading/own.ts";
import { paged } from "../reading/paged.ts";
import { limitOf, pageParameters } from "../reading/parameters.ts";
import { type QueryDefinition, type QueryParts, queryRoute } from "../reading/query-route.ts";
import { rowJson } from "../reading/row-json.ts";
import type { Models } from "../registry.ts";
import * as answers from "./answers.ts";
import { assetsToPrice, type Valuation, valuationOf } from "./valuation.ts";

type Query = QueryDefinition<RiskReader>;

const NEAR = 0.8;

const usagePlace: z.ZodType<UsagePlace> = z.strictObject({
  usage: z.number(),
  portfolioId: z.string(),
  limitId: z.string(),
});

const common = {
  tag: "risk",
  access: withAnyKey,
  pathParameters: z.strictObject({ id: idField() }),
  pathExample: { id: "p-1" },
} as const;

/**
 * Queries on the read model of risk; one of them joins it with positions and prices of now. Whose
 * a portfolio is stands in the read model of portfolios.
 */
export function riskRoutes(models: Models, parts: QueryParts): readonly Route[] {
  const alone = queries.map((query) => queryRoute(models.risk, query, parts));
  const ofOne = [joinRoute(models, one, parts), ...alone];
  return [
    ...ofOne.map((route) => ofOwnPortfolio(route, models.portfolios, parts)),
    queryRoute(models.risk, nearLimit, parts),
  ];
}

const one: JoinDefinition = {
  ...common,
  models: ["risk", "portfolios", "ticks-and-candles"],
  path: "/v1/portfolios/{id}/risk",
  operationId: "getRisk",
  summary: "Exposure and equity at the latest tick, and each measure as of the last assessment",
  query: z.strictObject({}),
  data: answers.risk,
  run: async (read, request) => {
    const summary = await read("risk", (reader) => existing(reader, request));
    return answers.riskJson(summary, await valuationNow(read, request.path["id"] as string));
  },
};

async function valuationNow(read: JoinRead, portfolioId: string): Promise<Valuation | null> {
  const found = await read("portfolios", async (reader) => {
    const portfolio = await reader.portfolio(portfolioId);
    if (portfolio === null) return null;
    const { baseCurrency } = portfolio;
    return { baseCurrency, holdings: await reader.holdings(portfolioId) };
  });
  if (found === null) return null;
  const { baseCurrency, holdings } = found;
  const assets = assetsToPrice(holdings, baseCurrency);
  const prices = await read("ticks-and-candles", (reader) => reader.spotPrices(assets));
  return valuationOf(holdings, { baseCurrency, prices });
}

const limits: Query = {
  ...common,
  path: "/v1/portfolios/{id}/risk/limits",
  isOfOneStream: true,
  operationId: "listRiskLimits",
  summary: "The limits set on a portfolio, with their states and what was measured last",
  query: z.strictObject({}),
  data: z.array(answers.limit),
  run: async (reader, request) => {
    const asked = [reader.limits(request.path["id"] as string), existing(reader, request)] as const;
    const [found] = await Promise.all(asked);
    return { data: found.map(answers.limitJson) };
  },
};

const breaches: Query = {
  ...common,
  path: "/v1/portfolios/{id}/risk/breaches",
  isOfOneStream: true,
  operationId: "listBreaches",
  summary: "Every breach of a limit, the newest first",
  query: z.strictObject(pageParameters),
  data: z.array(answers.breach),
  run: async (reader, request, pages) => {
    const page = { after: pages.after(z.number()), limit: limitOf(request.query) };
    const asked = reader.breaches(request.path["id"] as string, page);
    const [found] = await Promise.all([asked, existing(reader, request)]);
    return paged(found, pages);
  },
};

const contributors: Query = {
  ...common,
  path: "/v1/portfolios/{id}/risk/contributors",
  isOfOneStream: true,
  operationId: "listContributors",
  summary: "The positions by their share of the gross exposure, as of the last assessment",
  query: z.strictObject({}),
  data: z.array(answers.position),
  run: async (reader, request) => {
    const { assessment } = await existing(reader, request);
    return { data: (assessment?.positions ?? []).map(rowJson) };
  },
};

const nearLimit: Query = {
  ...common,
  access: observers,
  pathParameters: null,
  pathExample: {},
  path: "/v1/risk/near-limit",
  operationId: "listNearLimit",
  summary: "Limits of all portfolios that are used by at least this fraction, the most used first",
  query: z.strictObject({
    ...pageParameters,
    usage: z
      .string()
      .regex(/^\d{1,4}(\.\d{1,6})?$/, { error: "must be a fraction, as in 0.8" })
      .transform(Number)
      .optional(),
  }),
  data: z.array(answers.limit),
  run: async (reader, { query }, pages) => {
    const usage = typeof query["usage"] === "number" ? query["usage"] : NEAR;
    const page = { after: pages.after(usagePlace), limit: limitOf(query) };
    return paged(await reader.nearLimit(usage, page), pages, answers.limitJson);
  },
};

const queries: readonly Query[] = [limits, breaches, contributors];

async function existing(reader: RiskReader, request: RouteRequest): Promise<RiskSummary> {
  const id = request.path["id"] as string;
  const found = await reader.risk(id);
  if (found !== null) return found;
  const detail = `portfolio ${id} was never assessed and has no limits`;
  throw new PlatformError("NOT_FOUND", detail, { facts: { id } });
}
