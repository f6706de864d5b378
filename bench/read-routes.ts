import { readFileSync } from "node:fs";
import type { Random } from "../cli/demo/random.ts";
import { readModelNames } from "../query-api/registry.ts";
import { ids, POPULATION } from "./population.ts";

/** One way to ask one route. */
export interface ReadRoute {
  /** The path as the API's document has it, and how it is asked. */
  readonly name: string;
  /** A path of this moment, of somebody in the population. */
  readonly pathAt: (random: Random, nowMs: number) => string;
}

interface ApiDocument {
  readonly paths: Readonly<Record<string, { readonly get?: Operation }>>;
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly required?: boolean }[];
}

/** What stands behind the question mark, `now` being replaced by a time. */
type QueryText = string | ((random: Random, nowMs: number) => string);

const DOCUMENT = new URL("../docs/reference/openapi.json", import.meta.url);
const HOUR_MS = 3_600_000;
const TOPICS = ["market", "portfolio", "strategies", "risk", "social"].map(
  (one) => `${one}.events`,
);

/** Routes that need a query, or that are asked in more than one way; the others are asked plainly. */
const QUERIES: Readonly<Record<string, Readonly<Record<string, QueryText>>>> = {
  listEvents: Object.fromEntries(TOPICS.map((topic) => [topic, `topic=${topic}`])),
  listCandles: {
    "interval=1s": "interval=1s",
    "interval=1m": "interval=1m",
    "interval=1h": "interval=1h",
    "interval=1d": "interval=1d",
  },
  listTicks: { "": "", "order=newest": "order=newest" },
  getVwap: { "of an hour": (_, nowMs) => `from=${nowMs - HOUR_MS}&to=${nowMs}` },
  listTrades: { "": "", "order=newest": "order=newest" },
  listStrategies: {
    "": "",
    "text=": (random) => `text=above+${random.integer(50, 95)}`,
    "tag=": (random) => `tag=tag-${random.integer(0, 9)}`,
    "instrument=": (random) => `instrument=${anyOf("instruments", random)}`,
  },
  listTraders: { "": "", "handle=": (random) => `handle=bench_${random.integer(0, 999)}` },
  diffStrategyVersions: { "": "fromVersion=1&toVersion=2" },
  getPath: { "": (random) => `to=${anyOf("traders", random)}` },
};

/** They read as much of the log as a row's life is long: asked when something is looked into. */
const NOT_EVERYDAY = ["explainRow"];

/**
 * Every everyday GET route under `/v1` that answers and ends: taken from the API's document, so
 * that none can be forgotten.
 */
export function readRoutes(): readonly ReadRoute[] {
  const { paths } = JSON.parse(readFileSync(DOCUMENT, "utf8")) as ApiDocument;
  return Object.entries(paths).flatMap(([path, { get }]) => {
    const isRead = path.startsWith("/v1/") && !path.startsWith("/v1/stream/");
    if (get === undefined || !isRead || NOT_EVERYDAY.includes(get.operationId)) return [];
    return waysOf(path, get);
  });
}

function waysOf(path: string, { operationId, parameters }: Operation): ReadRoute[] {
  const required = parameters.some(({ name, required = false }) => {
    return required && !path.includes(`{${name}}`);
  });
  const known = QUERIES[operationId];
  if (required && known === undefined) throw new Error(`${operationId} needs a query: say which`);
  return Object.entries(known ?? { "": "" }).map(([label, query]) => ({
    name: label === "" ? path : `${path} ${label}`,
    pathAt: (random, nowMs) => {
      const text = typeof query === "string" ? query : query(random, nowMs);
      return text === "" ? filled(path, random) : `${filled(path, random)}?${text}`;
    },
  }));
}

/** `/v1/portfolios/{id}/cash` of any portfolio. */
function filled(path: string, random: Random): string {
  const [, , collection = ""] = path.split("/");
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === "version") return String(random.integer(1, 2));
    return anyOf(collection, random);
  });
}

function anyOf(collection: string, random: Random): string {
  const any = (count: number) => random.integer(0, count - 1);
  switch (collection) {
    case "instruments":
      return ids.instrument(any(POPULATION.instruments));
    case "portfolios":
      return ids.portfolio(any(POPULATION.portfolios));
    case "strategies":
      return ids.strategy(any(POPULATION.strategies));
    case "traders":
      return ids.trader(any(POPULATION.traders));
    case "projections":
      return readModelNames[any(readModelNames.length)] as string;
    default:
      throw new Error(`nothing is known of ${collection}: say how many there are`);
  }
}
