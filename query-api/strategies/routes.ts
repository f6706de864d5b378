import { z } from "zod";
import { mayRead, readsOnlyOf, withAnyKey } from "../../platform/access/roles.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField, integerTextField, textField } from "../../platform/fields/fields.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import type {
  Strategy,
  StrategyFilter,
  StrategyReader,
  StrategyVersion,
} from "../../projections/strategies/store.ts";
import { paged } from "../reading/paged.ts";
import { limitOf, pageParameters, textOf } from "../reading/parameters.ts";
import { type QueryDefinition, type QueryParts, queryRoute } from "../reading/query-route.ts";
import type { ReadModel } from "../reading/read-model.ts";
import { shown } from "../reading/row-json.ts";
import { differences } from "./document-diff.ts";

type Query = QueryDefinition<StrategyReader>;

const { text, time, count } = shown;
const versionField = integerTextField({ minimum: 1, maximum: 1_000_000 });

/** The document's own fields stand beside these. */
const strategyAnswer = z
  .object({
    _id: text,
    name: text,
    type: text,
    rules: z.array(z.unknown()),
    risk_profile: z.unknown(),
    status: z.enum(["draft", "active", "paused", "archived"]),
    version: count,
    ownerId: text,
    visibility: z.enum(["private", "followers", "public"]),
    forkedFrom: text.nullable(),
    createdAt: time,
    changedAt: time,
  })
  .loose();
const versionAnswer = z.object({ version: count, createdAt: time, rules: z.array(z.unknown()) });

const common = {
  tag: "strategies",
  access: withAnyKey,
  pathParameters: z.strictObject({ id: idField() }),
  pathExample: { id: "s-1" },
  isOfOneStream: true,
} as const;

/** Queries on the read model of strategies: one's own and public ones. */
export function strategyRoutes(
  model: ReadModel<StrategyReader>,
  parts: QueryParts,
): readonly Route[] {
  return queries.map((query) => queryRoute(model, query, parts));
}

const list: Query = {
  ...common,
  pathParameters: null,
  pathExample: {},
  path: "/v1/strategies",
  operationId: "listStrategies",
  summary: "Strategies by their words, tag, type, instrument, indicator, owner or status",
  query: z.strictObject({
    ...pageParameters,
    text: textField(200).optional(),
    tag: textField(40).optional(),
    type: textField(40).optional(),
    instrument: idField().optional(),
    indicator: textField(40).optional(),
    owner: textField(200).optional(),
    status: z.enum(["draft", "active", "paused", "archived"]).optional(),
  }),
  data: z.array(strategyAnswer),
  run: async (reader, request, pages) => {
    const page = { after: pages.after(z.string()), limit: limitOf(request.query) };
    return paged(await reader.strategies(filterOf(request), page), pages, strategyJson);
  },
};

const one: Query = {
  ...common,
  path: "/v1/strategies/{id}",
  operationId: "getStrategy",
  summary: "A strategy's newest document, as it was sent, with its status and version",
  query: z.strictObject({}),
  data: strategyAnswer,
  run: async (reader, request) => ({ data: strategyJson(await existing(reader, request)) }),
};

const versions: Query = {
  ...common,
  path: "/v1/strategies/{id}/versions",
  operationId: "listStrategyVersions",
  summary: "Every version of a strategy with its rules, oldest first",
  query: z.strictObject(pageParameters),
  data: z.array(versionAnswer),
  run: async (reader, request, pages) => {
    const { strategyId } = await existing(reader, request);
    const page = { after: pages.after(z.number()), limit: limitOf(request.query) };
    return paged(await reader.versions(strategyId, page), pages, (item) => {
      return { ...versionJson(item), rules: documentOf(item)["rules"] };
    });
  },
};

const version: Query = {
  ...common,
  path: "/v1/strategies/{id}/versions/{version}",
  operationId: "getStrategyVersion",
  summary: "The document of one version",
  pathParameters: z.strictObject({ id: idField(), version: versionField }),
  pathExample: { id: "s-1", version: "1" },
  query: z.strictObject({}),
  data: versionAnswer.loose(),
  run: async (reader, request) => {
    const { strategyId } = await existing(reader, request);
    const found = await existingVersion(reader, strategyId, Number(request.path["version"]));
    return { data: { _id: strategyId, ...documentOf(found), ...versionJson(found) } };
  },
};

const diff: Query = {
  ...common,
  path: "/v1/strategies/{id}/diff",
  operationId: "diffStrategyVersions",
  summary: "Where the documents of two versions differ",
  query: z.strictObject({ fromVersion: versionField, toVersion: versionField }),
  data: z.object({
    fromVersion: count,
    toVersion: count,
    differences: z.array(
      z.object({ pointer: text, before: z.unknown().optional(), after: z.unknown().optional() }),
    ),
  }),
  run: async (reader, request) => {
    const { strategyId } = await existing(reader, request);
    const fromVersion = Number(request.query["fromVersion"]);
    const toVersion = Number(request.query["toVersion"]);
    const before = documentOf(await existingVersion(reader, strategyId, fromVersion));
    const after = documentOf(await existingVersion(reader, strategyId, toVersion));
    return { data: { fromVersion, toVersion, differences: differences(before, after) } };
  },
};

const queries: readonly Query[] = [list, one, versions, version, diff];

function filterOf({ query, identity }: RouteRequest): StrategyFilter {
  return {
    actor: readsOnlyOf(identity),
    text: textOf(query["text"]),
    tag: textOf(query["tag"]),
    type: textOf(query["type"]),
    instrument: textOf(query["instrument"]),
    indicator: textOf(query["indicator"]),
    owner: textOf(query["owner"]),
    status: textOf(query["status"]),
  };
}

function strategyJson(strategy: Strategy): Record<string, unknown> {
  const { strategyId, owner, status, version: number, visibility, forkedFrom } = strategy;
  return {
    _id: strategyId,
    ...documentOf(strategy),
    status,
    version: number,
    ownerId: owner,
    visibility,
    forkedFrom,
    createdAt: new Date(strategy.createdAtMs).toISOString(),
    changedAt: new Date(strategy.changedAtMs).toISOString(),
  };
}

function versionJson({ version: number, createdAtMs }: StrategyVersion) {
  return { version: number, createdAt: new Date(createdAtMs).toISOString() };
}

function documentOf({ document }: { readonly document: string }): Record<string, unknown> {
  return JSON.parse(document) as Record<string, unknown>;
}

/** A strategy that the caller may not read is answered like one that does not exist. */
async function existing(reader: StrategyReader, request: RouteRequest): Promise<Strategy> {
  const id = request.path["id"] as string;
  const strategy = await reader.strategy(id);
  const isPublic = strategy?.visibility === "public";
  if (strategy && (isPublic || mayRead(request.identity, strategy.owner))) return strategy;
  throw new PlatformError("NOT_FOUND", `there is no strategy ${id} that you may read`, {
    facts: { id },
  });
}

async function existingVersion(
  reader: StrategyReader,
  strategyId: string,
  number: number,
): Promise<StrategyVersion> {
  const found = await reader.version(strategyId, number);
  if (found !== null) return found;
  throw new PlatformError("NOT_FOUND", `strategy ${strategyId} has no version ${number}`, {
    facts: { id: strategyId, version: number },
  });
}
