import type { Document } from "mongodb";
import { orderedKey } from "../runner/ordered-key.ts";
import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import type { Row } from "../runner/projection.ts";
import { wordsOf } from "../runner/words.ts";
import type { MongoFilter } from "../stores/mongo/database.ts";
import { foundWords, type MongoQueries, wordConditions } from "../stores/mongo/query.ts";
import type { MongoIndex, MongoLayout } from "../stores/mongo/table.ts";
import type { Strategy, StrategyFilter, StrategyReader, StrategyVersion } from "./store.ts";

const indexes: readonly MongoIndex[] = [
  ...["owner", "_found.type", "_found.tags", "_found.instruments"].map(ofStrategies),
  ...["_found.indicators", "_found.words"].map(ofStrategies),
  { table: "statuses", fields: ["status"] },
];

function ofStrategies(field: string): MongoIndex {
  return { table: "strategies", fields: [field] };
}

/** Documents stay the text that they came as, whose names may be any; what is asked of them is beside. */
export const layout: MongoLayout = { indexes, found: { strategies: foundInDocument } };

interface Asked {
  readonly type: string;
  readonly tags?: readonly string[];
  readonly instruments?: readonly string[];
  readonly rules: readonly { readonly indicator: string }[];
}

function foundInDocument({ document, searchText }: Row): Document {
  const { type, tags = [], instruments = [], rules } = JSON.parse(String(document)) as Asked;
  const indicators = new Set(rules.flatMap(({ indicator }) => namesOf(indicator)));
  const words = foundWords(wordsOf(String(searchText)));
  return { type, tags, instruments, indicators: [...indicators], ...words };
}

/** `EMA_12` is found by `EMA`, too. */
function namesOf(indicator: string): string[] {
  const shorter = [...indicator.matchAll(/_/g)].map(({ index }) => indicator.slice(0, index));
  return [...shorter, indicator];
}

/** The strategies read model in MongoDB. */
export class MongoStrategyReader implements StrategyReader {
  readonly #queries: MongoQueries;

  constructor(queries: MongoQueries) {
    this.#queries = queries;
  }

  async strategies(
    filter: StrategyFilter,
    page: PageRequest<string>,
  ): Promise<Page<Strategy, string>> {
    const words = filter.text === null ? [] : wordConditions(filter.text);
    if (words === null) return { items: [], next: null };
    const after = { _id: { $gt: orderedKey([page.after ?? ""]) } };
    const found = await this.#found({ $and: [after, ...conditionsOf(filter), ...words] }, [
      ...this.#queries.join("visibilities"),
      ...(filter.actor === null ? [] : [{ $match: seenBy(filter.actor) }]),
      ...this.#queries.join("statuses"),
      ...(filter.status === null ? [] : [{ $match: { "statuses.status": filter.status } }]),
      { $limit: page.limit + 1 },
    ]);
    return pageOf(found, page.limit, ({ strategyId }) => strategyId);
  }

  async strategy(strategyId: string): Promise<Strategy | null> {
    const both = ["visibilities", "statuses"].flatMap((table) => this.#queries.join(table));
    const [found] = await this.#found({ _id: orderedKey([strategyId]) }, both);
    return found ?? null;
  }

  async versions(
    strategyId: string,
    { after, limit }: PageRequest<number>,
  ): Promise<Page<StrategyVersion, number>> {
    const [from, to] = [after ?? 0, Number.MAX_SAFE_INTEGER];
    const between = { $gt: orderedKey([strategyId, from]), $lte: orderedKey([strategyId, to]) };
    const order = { sort: { _id: 1 }, limit: limit + 1 } as const;
    const found = await this.#queries.find("versions", { _id: between }, order);
    return pageOf(found.map(versionOf), limit, ({ version }) => version);
  }

  async version(strategyId: string, version: number): Promise<StrategyVersion | null> {
    const _id = orderedKey([strategyId, version]);
    const [found] = await this.#queries.find("versions", { _id });
    return found === undefined ? null : versionOf(found);
  }

  /** Strategies of which each of their rows is there. */
  async #found(filter: MongoFilter, stages: readonly Document[]): Promise<Strategy[]> {
    const rest = ["origins", "changes"].flatMap((table) => this.#queries.join(table));
    const all = [{ $project: { strategies: "$$ROOT" } }, ...stages, ...rest];
    return (await this.#queries.aggregate("strategies", filter, all)).map(strategyOf);
  }
}

function conditionsOf({ owner, type, tag, instrument, indicator }: StrategyFilter): MongoFilter[] {
  const all = {
    owner,
    "_found.type": type,
    "_found.tags": tag,
    "_found.instruments": instrument,
    "_found.indicators": indicator,
  };
  const given = Object.entries(all).filter(([, value]) => value !== null);
  return given.map(([field, value]) => ({ [field]: { $eq: value } }));
}

function seenBy(actor: string): Document {
  return { $or: [{ "strategies.owner": actor }, { "visibilities.visibility": "public" }] };
}

function strategyOf(document: Document): Strategy {
  const { strategies, origins, statuses, visibilities, changes } = document;
  return {
    strategyId: strategies.strategyId,
    owner: strategies.owner,
    version: strategies.version,
    document: strategies.document,
    status: statuses.status,
    visibility: visibilities.visibility,
    forkedFrom: origins.forkedFrom,
    createdAtMs: origins.createdAtMs,
    changedAtMs: changes.changedAtMs,
    sequence: changes.sequence,
  };
}

function versionOf({ version, document, createdAtMs }: Document): StrategyVersion {
  return { version, document, createdAtMs };
}
