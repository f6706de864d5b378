import { z } from "zod";
import { readsOnlyOf, withAnyKey } from "../../platform/access/roles.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField } from "../../platform/fields/fields.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import { type JoinDefinition, type JoinRead, joinRoute } from "../reading/join-route.ts";
import { requireSelf } from "../reading/own.ts";
import type { QueryParts } from "../reading/query-route.ts";
import { rowJson, shown } from "../reading/row-json.ts";
import type { Models } from "../registry.ts";

/** Strategies and portfolios that one overview shows; their own routes have the rest. */
const SHOWN = 100;

const { text, count, time, decimal } = shown;

const overview: JoinDefinition = {
  models: ["social", "risk", "strategies", "portfolios"],
  tag: "social",
  access: withAnyKey,
  path: "/v1/traders/{id}/overview",
  operationId: "getTraderOverview",
  summary:
    "A trader with copies, strategies, portfolios and their risk, no effect without its cause",
  pathParameters: z.strictObject({ id: idField() }),
  pathExample: { id: "t-1" },
  query: z.strictObject({}),
  data: z.object({
    trader: z.object({
      traderId: text,
      handle: text,
      status: text,
      followers: count,
      following: count,
      copiers: count,
      copying: count,
      registeredAt: time,
    }),
    copies: z.array(z.object({ traderId: text, portfolioId: text, allocation: decimal })),
    strategies: z.array(z.object({ strategyId: text, name: text, status: text, version: count })),
    portfolios: z.array(
      z.object({
        portfolioId: text,
        name: text,
        baseCurrency: text,
        risk: z
          .object({
            tradingState: text,
            equity: decimal.nullable(),
            nav: z.number().nullable(),
            drawdown: z.number().nullable(),
            assessedAt: time.nullable(),
            breached: z.array(text),
          })
          .nullable(),
      }),
    ),
  }),
  run: async (read, request) => {
    requireSelf(request);
    const id = request.path["id"] as string;
    const { trader, copies } = await socialOf(read, id);
    const page = { after: null, limit: SHOWN };
    const owned = await read("portfolios", (reader) => reader.portfoliosOf(id, page));
    const ids = new Set([...copies, ...owned.items].map(({ portfolioId }) => portfolioId));
    const risks = await risksOf(read, [...ids].slice(0, SHOWN));
    const strategies = await strategiesOf(read, request);
    const portfolios = await portfoliosOf(read, risks);
    return { trader: rowJson(trader), copies: copies.map(rowJson), strategies, portfolios };
  },
};

/** The query that joins what all contexts know of a trader. */
export function overviewRoutes(models: Models, parts: QueryParts): readonly Route[] {
  return [joinRoute(models, overview, parts)];
}

function socialOf(read: JoinRead, id: string) {
  return read("social", async (reader) => {
    const trader = await reader.trader(id);
    if (trader !== null) return { trader, copies: await reader.copying(id) };
    throw new PlatformError("NOT_FOUND", `there is no trader ${id}`, { facts: { id } });
  });
}

type Risks = ReadonlyMap<string, Record<string, unknown> | null>;

/** Before the portfolios, whose effects they are. */
function risksOf(read: JoinRead, ids: readonly string[]): Promise<Risks> {
  return read("risk", async (reader) => {
    const risks = ids.map(async (id) => {
      const [found, limits] = await Promise.all([reader.risk(id), reader.limits(id)]);
      if (found === null) return [id, null] as const;
      const {
        equity = null,
        nav = null,
        drawdown = null,
        assessedAtMs = null,
      } = found.assessment ?? {};
      const breached = limits.filter(({ state }) => state === "breached");
      const figures = { tradingState: found.tradingState, equity, nav, drawdown, assessedAtMs };
      return [
        id,
        rowJson({ ...figures, breached: breached.map(({ limitId }) => limitId) }),
      ] as const;
    });
    return new Map(await Promise.all(risks));
  });
}

async function strategiesOf(read: JoinRead, { path, identity }: RouteRequest) {
  const none = { text: null, tag: null, type: null, instrument: null, indicator: null };
  const actor = readsOnlyOf(identity);
  const filter = { ...none, status: null, actor, owner: path["id"] as string };
  const page = { after: null, limit: SHOWN };
  const found = await read("strategies", (reader) => reader.strategies(filter, page));
  return found.items.map(({ strategyId, document, status, version }) => {
    return { strategyId, name: JSON.parse(document).name, status, version };
  });
}

function portfoliosOf(read: JoinRead, risks: Risks) {
  return read("portfolios", async (reader) => {
    const found = await Promise.all([...risks.keys()].map((id) => reader.portfolio(id)));
    return found.flatMap((portfolio) => {
      if (portfolio === null) return [];
      const { portfolioId, name, baseCurrency } = portfolio;
      return [{ portfolioId, name, baseCurrency, risk: risks.get(portfolioId) ?? null }];
    });
  });
}
