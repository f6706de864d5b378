import { z } from "zod";
import { mayRead, readsOnlyOf, withAnyKey } from "../../platform/access/roles.ts";
import { idField } from "../../platform/fields/fields.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import { isZone } from "../../projections/portfolios/calendar-day.ts";
import type { PortfolioReader } from "../../projections/portfolios/store.ts";
import { noSuchPortfolio } from "../reading/own.ts";
import { paged } from "../reading/paged.ts";
import {
  limitOf,
  pageParameters,
  textOf,
  timeRangeOf,
  timeRangeParameters,
} from "../reading/parameters.ts";
import { type QueryDefinition, type QueryParts, queryRoute } from "../reading/query-route.ts";
import type { ReadModel } from "../reading/read-model.ts";
import { rowJson } from "../reading/row-json.ts";
import * as answers from "./answers.ts";

type Query = QueryDefinition<PortfolioReader>;

const lotPlace = z.strictObject({ asset: z.string(), lot: z.number() });
const ledgerPlace = z.strictObject({ sequence: z.number(), posting: z.number() });
const tradePlace = z.strictObject({ occurredAtMs: z.number(), tradeNumber: z.number() });
const assetField = z.string().regex(/^[A-Za-z0-9._-]{1,32}$/, { error: "must be an asset's code" });
const accountField = z.string().regex(/^[A-Za-z0-9:._-]{1,100}$/, { error: "must be an account" });

/** The IANA zones that the runtime knows; the name alone reaches the reader. */
const zoneField = z
  .string()
  .max(64)
  .refine(isZone, { error: "must be an IANA time zone, as in Europe/Zurich, or UTC" });

const common = {
  tag: "portfolio",
  access: withAnyKey,
  pathParameters: z.strictObject({ id: idField() }),
  pathExample: { id: "p-1" },
  isOfOneStream: true,
} as const;

/** Queries on the read model of portfolios. */
export function portfolioRoutes(
  model: ReadModel<PortfolioReader>,
  parts: QueryParts,
): readonly Route[] {
  return queries.map((query) => queryRoute(model, query, parts));
}

const list: Query = {
  ...common,
  pathParameters: null,
  pathExample: {},
  path: "/v1/portfolios",
  operationId: "listPortfolios",
  summary: "All portfolios, in order of their ids; to a trader one's own",
  query: z.strictObject(pageParameters),
  data: z.array(answers.portfolio),
  run: async (reader, { query, identity }, pages) => {
    const page = { after: pages.after(z.string()), limit: limitOf(query) };
    const owner = readsOnlyOf(identity);
    const found =
      owner === null ? await reader.portfolios(page) : await reader.portfoliosOf(owner, page);
    return paged(found, pages);
  },
};

const one: Query = {
  ...common,
  path: "/v1/portfolios/{id}",
  operationId: "getPortfolio",
  summary: "One portfolio: owner, method, status, cost basis and realised profit",
  query: z.strictObject({}),
  data: answers.portfolio,
  run: async (reader, request) => ({ data: rowJson(await existing(reader, request)) }),
};

const holdings: Query = {
  ...common,
  path: "/v1/portfolios/{id}/holdings",
  operationId: "listHoldings",
  summary: "What is held of each asset, its cost basis and realised profit",
  query: z.strictObject({}),
  data: z.array(answers.holding),
  run: async (reader, request) => {
    const { portfolioId } = await existing(reader, request);
    return { data: (await reader.holdings(portfolioId)).map(rowJson) };
  },
};

const lots: Query = {
  ...common,
  path: "/v1/portfolios/{id}/lots",
  operationId: "listLots",
  summary: "Open lots, oldest first within an asset",
  query: z.strictObject({ ...pageParameters, asset: assetField.optional() }),
  data: z.array(answers.lot),
  run: async (reader, request, pages) => {
    const { portfolioId } = await existing(reader, request);
    const page = { after: pages.after(lotPlace), limit: limitOf(request.query) };
    return paged(await reader.openLots(portfolioId, textOf(request.query["asset"]), page), pages);
  },
};

const cash: Query = {
  ...common,
  path: "/v1/portfolios/{id}/cash",
  operationId: "listCash",
  summary: "Balances of the assets used as money",
  query: z.strictObject({}),
  data: z.array(answers.cash),
  run: async (reader, request) => {
    const { portfolioId } = await existing(reader, request);
    return { data: (await reader.cash(portfolioId)).map(rowJson) };
  },
};

const ledger: Query = {
  ...common,
  path: "/v1/portfolios/{id}/ledger",
  operationId: "listLedger",
  summary: "Postings in the order of recording, each with its account's balance after it",
  query: z.strictObject({
    ...pageParameters,
    account: accountField.optional(),
    asset: assetField.optional(),
  }),
  data: z.array(answers.ledgerEntry),
  run: async (reader, request, pages) => {
    const { portfolioId } = await existing(reader, request);
    const [account, asset] = [textOf(request.query["account"]), textOf(request.query["asset"])];
    const filter = { ...(account ? { account } : {}), ...(asset ? { asset } : {}) };
    const page = { after: pages.after(ledgerPlace), limit: limitOf(request.query) };
    return paged(await reader.ledger(portfolioId, filter, page), pages);
  },
};

const trades: Query = {
  ...common,
  path: "/v1/portfolios/{id}/trades",
  operationId: "listTrades",
  summary: "Trades by their time, with what each realised",
  query: z.strictObject({
    ...pageParameters,
    ...timeRangeParameters,
    instrumentId: idField().optional(),
    order: z.enum(["oldest", "newest"]).optional(),
  }),
  data: z.array(answers.trade),
  run: async (reader, request, pages) => {
    const { portfolioId } = await existing(reader, request);
    const { query } = request;
    const instrumentId = textOf(query["instrumentId"]);
    const { fromMs, toMs } = timeRangeOf(query);
    const filter = {
      ...(instrumentId === null ? {} : { instrumentId }),
      ...(fromMs === null ? {} : { fromMs }),
      ...(toMs === null ? {} : { toMs }),
    };
    const page = {
      after: pages.after(tradePlace),
      limit: limitOf(query),
      newestFirst: query["order"] === "newest",
    };
    return paged(await reader.trades(portfolioId, filter, page), pages);
  },
};

const realised: Query = {
  ...common,
  path: "/v1/portfolios/{id}/realised",
  operationId: "listRealised",
  summary: "Realised profit by day and instrument",
  query: z.strictObject({
    ...timeRangeParameters,
    instrumentId: idField().optional(),
    zone: zoneField.optional(),
  }),
  data: z.array(answers.realised),
  run: async (reader, request) => {
    const { portfolioId } = await existing(reader, request);
    const { query } = request;
    const rows = await reader.realised(portfolioId, {
      ...timeRangeOf(query),
      instrumentId: textOf(query["instrumentId"]),
      zone: textOf(query["zone"]) ?? "UTC",
    });
    return { data: rows.map(rowJson) };
  },
};

const queries: readonly Query[] = [list, one, holdings, lots, cash, ledger, trades, realised];

async function existing(reader: PortfolioReader, request: RouteRequest) {
  const id = request.path["id"] as string;
  const portfolio = await reader.portfolio(id);
  if (portfolio && mayRead(request.identity, portfolio.owner)) return portfolio;
  throw noSuchPortfolio(id);
}
