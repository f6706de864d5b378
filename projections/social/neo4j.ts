import { setImmediate as nextTurn } from "node:timers/promises";
import neo4j from "neo4j-driver";
import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { type SqlRow, text } from "../runner/sql-row.ts";
import type { Graph } from "../stores/neo4j/graph.ts";
import type { Neo4jQueries } from "../stores/neo4j/query.ts";
import type { KeptRanking } from "./kept-ranking.ts";
import {
  COPIERS_DEPTH,
  LISTED_COPIERS,
  PATH_STEPS,
  SUGGESTION_CANDIDATES,
  tooMany,
} from "./limits.ts";
import { RANKED_FOLLOWS, RankedFollows, rankingOf } from "./ranking.ts";
import { copierOf, copyOf, relationOf, suggestionsOf, traderOf } from "./rows.ts";
import type {
  Copier,
  CopyRelation,
  Ends,
  Influence,
  Relation,
  SocialReader,
  Suggestion,
  Trader,
} from "./store.ts";

/** Followers of a ranking that are taken in between two turns of the event loop. */
const FOLLOWERS_PER_TURN = 100;
const TRADER = { label: "Trader", key: "traderId" };

/**
 * `(:Trader:Registered {traderId, handle, …})-[:FOLLOWS {sinceMs}]->(:Trader:Registered:Departed)`.
 * Who is named by a relation alone, because the registration is parked, is no `Registered`.
 */
export const graph: Graph = {
  traders: { label: "Registered", on: "Trader" },
  departures: { label: "Departed", on: "Trader" },
  follows: { type: "FOLLOWS", from: TRADER, to: TRADER },
  blocks: { type: "BLOCKS", from: TRADER, to: TRADER },
  copies: { type: "COPIES", from: TRADER, to: TRADER },
};

/** The social graph in Neo4j. */
export class Neo4jSocialReader implements SocialReader {
  readonly #queries: Neo4jQueries;
  readonly #kept: KeptRanking;

  constructor(queries: Neo4jQueries, kept: KeptRanking) {
    this.#queries = queries;
    this.#kept = kept;
  }

  async traders(handle: string | null, page: PageRequest<string>): Promise<Page<Trader, string>> {
    const byHandle = handle === null ? "" : "AND t.foldedHandle = $foldedHandle";
    const rows = await this.#queries.all(
      `MATCH (t:Trader_g) WHERE t.traderId > $after AND t:Registered_g ${byHandle}
       WITH t ORDER BY t.traderId LIMIT $limit ${RETURN_TRADER} ORDER BY traderId`,
      { ...placeOf(page), foldedHandle: handle?.toLowerCase() ?? null },
    );
    return pageOf(rows.map(traderOf), page.limit, ({ traderId }) => traderId);
  }

  async trader(traderId: string): Promise<Trader | null> {
    const row = await this.#queries.get(
      `MATCH (t:Trader_g {traderId: $traderId}) WHERE t:Registered_g ${RETURN_TRADER}`,
      { traderId },
    );
    return row === null ? null : traderOf(row);
  }

  async relations(
    ends: Ends,
    traderId: string,
    page: PageRequest<string>,
  ): Promise<Page<Relation, string>> {
    const rows = await this.#queries.all(
      `${RELATIONS[ends]} AS sinceMs ORDER BY traderId LIMIT $limit`,
      { ...placeOf(page), traderId },
    );
    return pageOf(rows.map(relationOf), page.limit, (relation) => relation.traderId);
  }

  async copying(traderId: string): Promise<readonly CopyRelation[]> {
    const rows = await this.#queries.all(
      `MATCH (f:Trader_g {traderId: $traderId})-[c:COPIES_g]->(l:Registered_g)
       WHERE NOT f:Departed_g AND NOT l:Departed_g
       RETURN l.traderId AS traderId, l.handle AS handle, ${TERMS} ORDER BY traderId`,
      { traderId },
    );
    return rows.map(copyOf);
  }

  /** Leaders by their nearest way to the trader, and who copies each of them. */
  async copiers(traderId: string): Promise<readonly Copier[]> {
    const rows = await this.#queries.all(
      `MATCH (root:Trader_g {traderId: $traderId})
       MATCH p = (root)<-[:COPIES_g*0..${COPIERS_DEPTH - 1}]-(l)
       WHERE none(n IN nodes(p) WHERE n:Departed_g)
       WITH l, min(length(p)) + 1 AS depth
       MATCH (l)<-[c:COPIES_g]-(f) WHERE f:Registered_g AND NOT f:Departed_g
       RETURN f.traderId AS traderId, f.handle AS handle, l.traderId AS leaderId, depth, ${TERMS}
       ORDER BY depth, leaderId, traderId LIMIT ${LISTED_COPIERS + 1}`,
      { traderId },
    );
    if (rows.length > LISTED_COPIERS) throw tooMany(`${LISTED_COPIERS} copiers`);
    return rows.map(copierOf);
  }

  async path(fromId: string, toId: string): Promise<readonly string[] | null> {
    if (fromId === toId) return [fromId];
    const rows = await this.#queries.all(
      `MATCH (a:Trader_g {traderId: $fromId}) MATCH (b:Trader_g {traderId: $toId})
       MATCH p = shortestPath((a)-[:FOLLOWS_g*1..${PATH_STEPS}]->(b))
       WHERE none(n IN nodes(p) WHERE n:Departed_g)
       UNWIND nodes(p) AS n RETURN n.traderId AS traderId`,
      { fromId, toId },
    );
    return rows.length === 0 ? null : rows.map((row) => text(row, "traderId"));
  }

  async suggestions(traderId: string, limit: number): Promise<readonly Suggestion[]> {
    const rows = await this.#queries.all(SELECT_SUGGESTIONS, { traderId });
    return suggestionsOf(rows, await this.influence(), limit);
  }

  influence(): Promise<readonly Influence[]> {
    return this.#kept.at(this.#queries.position, () => this.#rank());
  }

  async #rank(): Promise<readonly Influence[]> {
    const [traders, follows] = await Promise.all([
      this.#queries.all(
        `MATCH (t:Trader_g) WHERE t:Registered_g AND NOT t:Departed_g AND t.traderId IS NOT NULL
         RETURN t.traderId AS traderId, t.handle AS handle ORDER BY traderId`,
      ),
      this.#queries.all(
        // One record for each follower: a record for each follow takes several times as long.
        `MATCH (f)-[:FOLLOWS_g]->(l) WHERE NOT f:Departed_g AND NOT l:Departed_g
         WITH f.traderId AS followerId, l.traderId AS leaderId LIMIT ${RANKED_FOLLOWS + 1}
         RETURN followerId, collect(leaderId) AS leaderIds`,
      ),
    ]);
    const ranked = new RankedFollows(traders);
    for (const [number, row] of follows.entries()) {
      ranked.add(text(row, "followerId"), leaderIdsOf(row));
      if (number % FOLLOWERS_PER_TURN === 0) await nextTurn();
    }
    return rankingOf(ranked);
  }
}

/** The driver gives a list of the server as an array. */
function leaderIdsOf(row: SqlRow): readonly string[] {
  const value: unknown = row["leaderIds"];
  if (Array.isArray(value)) return value;
  throw new TypeError(`leaderIds is no list: ${value}`);
}

function placeOf({ after, limit }: PageRequest<string>) {
  return { after: after ?? "", limit: neo4j.int(limit + 1) };
}

/** Who has left is in no relation. */
const RETURN_TRADER = `
  RETURN t.traderId AS traderId, t.handle AS handle, t:Departed_g AS hasLeft,
    t.acceptsCopiers AS acceptsCopiers, t.copierLimit AS copierLimit,
    t.registeredAtMs AS registeredAtMs,
    COUNT { (t)<-[:FOLLOWS_g]-(o) WHERE NOT t:Departed_g AND NOT o:Departed_g } AS followers,
    COUNT { (t)-[:FOLLOWS_g]->(o) WHERE NOT t:Departed_g AND NOT o:Departed_g } AS following,
    COUNT { (t)<-[:COPIES_g]-(o) WHERE NOT t:Departed_g AND NOT o:Departed_g } AS copiers,
    COUNT { (t)-[:COPIES_g]->(o) WHERE NOT t:Departed_g AND NOT o:Departed_g } AS copying`;

const TERMS = `c.portfolioId AS portfolioId, c.allocation AS allocation, c.mode AS mode,
  c.multiplier AS multiplier, c.isPaused AS isPaused, c.sinceMs AS sinceMs`;

/** The other end is `o`; what follows is the name of the last column, and the order. */
const OTHER_END = `
  WHERE NOT t:Departed_g AND NOT o:Departed_g AND o:Registered_g AND o.traderId > $after
  RETURN o.traderId AS traderId, o.handle AS handle,`;

const RELATIONS: Readonly<Record<Ends, string>> = {
  followers: `MATCH (t:Trader_g {traderId: $traderId})<-[f:FOLLOWS_g]-(o) ${OTHER_END} f.sinceMs`,
  following: `MATCH (t:Trader_g {traderId: $traderId})-[f:FOLLOWS_g]->(o) ${OTHER_END} f.sinceMs`,
  mutuals: `
    MATCH (t:Trader_g {traderId: $traderId})-[f:FOLLOWS_g]->(o)-[g:FOLLOWS_g]->(t) ${OTHER_END}
      CASE WHEN f.sinceMs > g.sinceMs THEN f.sinceMs ELSE g.sinceMs END`,
};

/** Whom those follow whom one follows, but oneself, whom one follows, and blocks either way. */
const SELECT_SUGGESTIONS = `
  MATCH (me:Trader_g {traderId: $traderId})-[:FOLLOWS_g]->(l)-[:FOLLOWS_g]->(c)
  WHERE NOT me:Departed_g AND NOT l:Departed_g AND c:Registered_g AND NOT c:Departed_g
  WITH me, c, count(*) AS common
  WHERE c <> me AND NOT EXISTS { (me)-[:FOLLOWS_g]->(c) } AND NOT EXISTS { (me)-[:BLOCKS_g]-(c) }
  RETURN c.traderId AS traderId, c.handle AS handle, common
  ORDER BY common DESC, traderId LIMIT ${SUGGESTION_CANDIDATES}`;
