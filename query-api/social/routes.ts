import { z } from "zod";
import { withAnyKey } from "../../platform/access/roles.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField } from "../../platform/fields/fields.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import type { Ends, Influence, SocialReader, Trader } from "../../projections/social/store.ts";
import { requireSelf } from "../reading/own.ts";
import { paged } from "../reading/paged.ts";
import { limitOf, pageParameters, textOf } from "../reading/parameters.ts";
import { type QueryDefinition, type QueryParts, queryRoute } from "../reading/query-route.ts";
import type { ReadModel } from "../reading/read-model.ts";
import { rowJson } from "../reading/row-json.ts";
import * as answers from "./answers.ts";

type Query = QueryDefinition<SocialReader>;

const common = {
  tag: "social",
  access: withAnyKey,
  pathParameters: z.strictObject({ id: idField() }),
  pathExample: { id: "t-1" },
} as const;

const handleField = z.string().regex(/^[A-Za-z0-9_-]{1,30}$/, { error: "must be a handle" });
const limitOnly = { limit: pageParameters.limit };

/** Queries on the social graph. */
export function socialRoutes(model: ReadModel<SocialReader>, parts: QueryParts): readonly Route[] {
  return queries.map((query) => queryRoute(model, query, parts));
}

const list: Query = {
  ...common,
  pathParameters: null,
  pathExample: {},
  path: "/v1/traders",
  operationId: "listTraders",
  summary: "All traders in order of their ids, or the one of a handle",
  query: z.strictObject({ ...pageParameters, handle: handleField.optional() }),
  data: z.array(answers.trader),
  run: async (reader, { query }, pages) => {
    const page = { after: pages.after(z.string()), limit: limitOf(query) };
    return paged(await reader.traders(textOf(query["handle"]), page), pages);
  },
};

const one: Query = {
  ...common,
  path: "/v1/traders/{id}",
  operationId: "getTrader",
  summary: "One trader with the counts of its relations",
  query: z.strictObject({}),
  data: answers.trader,
  run: async (reader, request) => ({ data: rowJson(await existing(reader, request)) }),
};

const copying: Query = {
  ...common,
  path: "/v1/traders/{id}/copying",
  operationId: "listCopying",
  summary: "Whom a trader copies, and on which terms; for the trader's own key",
  query: z.strictObject({}),
  data: z.array(answers.copy),
  run: async (reader, request) => {
    requireSelf(request);
    const { traderId } = await existing(reader, request);
    return { data: (await reader.copying(traderId)).map(rowJson) };
  },
};

const copiers: Query = {
  ...common,
  path: "/v1/traders/{id}/copiers",
  operationId: "listCopiers",
  summary: "Who copies a trader, directly and through others; for the trader's own key",
  query: z.strictObject(limitOnly),
  data: z.array(answers.copier),
  run: async (reader, request) => {
    requireSelf(request);
    const { traderId } = await existing(reader, request);
    const found = await reader.copiers(traderId);
    const limit = limitOf(request.query);
    return { data: found.slice(0, limit).map(rowJson) };
  },
};

const path: Query = {
  ...common,
  path: "/v1/traders/{id}/path",
  operationId: "getPath",
  summary: "A shortest path between two traders along who follows whom",
  query: z.strictObject({ to: idField().meta({ example: "t-2" }) }),
  data: answers.path,
  run: async (reader, request) => {
    const { traderId } = await existing(reader, request);
    const to = textOf(request.query["to"]) ?? "";
    return { data: { traderIds: await reader.path(traderId, to) } };
  },
};

const suggestions: Query = {
  ...common,
  path: "/v1/traders/{id}/suggestions",
  operationId: "listSuggestions",
  summary: "Whom a trader may want to follow: by common follows, then influence, then id",
  query: z.strictObject(limitOnly),
  data: z.array(answers.suggestion),
  run: async (reader, request) => {
    requireSelf(request);
    const { traderId } = await existing(reader, request);
    return { data: await reader.suggestions(traderId, limitOf(request.query)) };
  },
};

const influence: Query = {
  ...common,
  path: "/v1/traders/{id}/influence",
  operationId: "getInfluence",
  summary: "The influence of one trader, in two conventions",
  query: z.strictObject({}),
  data: answers.influence,
  run: async (reader, request) => {
    const { traderId } = await existing(reader, request);
    const found = ranked(await reader.influence()).find((one) => one.traderId === traderId);
    if (found) return { data: found };
    throw new PlatformError("NOT_FOUND", `${traderId} has left and has no influence`);
  },
};

const ranking: Query = {
  ...common,
  pathParameters: null,
  pathExample: {},
  path: "/v1/influence",
  operationId: "listInfluence",
  summary: "The traders of most influence",
  query: z.strictObject(limitOnly),
  data: z.array(answers.influence),
  run: async (reader, { query }) => {
    return { data: ranked(await reader.influence()).slice(0, limitOf(query)) };
  },
};

const queries: readonly Query[] = [
  list,
  one,
  relationsQuery("followers", "listFollowers", "Who follows a trader"),
  relationsQuery("following", "listFollowing", "Whom a trader follows"),
  relationsQuery("mutuals", "listMutuals", "Who follows a trader and is followed by it"),
  copying,
  copiers,
  path,
  suggestions,
  influence,
  ranking,
];

function relationsQuery(ends: Ends, operationId: string, summary: string): Query {
  return {
    ...common,
    path: `/v1/traders/{id}/${ends}`,
    operationId,
    summary,
    query: z.strictObject(pageParameters),
    data: z.array(answers.relation),
    run: async (reader, request, pages) => {
      const { traderId } = await existing(reader, request);
      const page = { after: pages.after(z.string()), limit: limitOf(request.query) };
      return paged(await reader.relations(ends, traderId, page), pages);
    },
  };
}

function ranked(all: readonly Influence[]) {
  return all.map((one, index) => ({ rank: index + 1, ...one }));
}

async function existing(reader: SocialReader, request: RouteRequest): Promise<Trader> {
  const id = request.path["id"] as string;
  const trader = await reader.trader(id);
  if (trader) return trader;
  throw new PlatformError("NOT_FOUND", `there is no trader ${id}`, { facts: { id } });
}
