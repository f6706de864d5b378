import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { text } from "../runner/sql-row.ts";
import type { TableIndex } from "../runner/stored-table.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
import {
  COPIERS_DEPTH,
  LISTED_COPIERS,
  PATH_STEPS,
  SUGGESTION_CANDIDATES,
  tooMany,
} from "./limits.ts";
import { copierOf, copyOf, relationOf, suggestionsOf, traderOf } from "./rows.ts";
import { SqliteRanking } from "./sqlite-ranking.ts";
import { COPIES, FOLLOWS } from "./sqlite-relations.ts";
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

/** Traders that are looked at for a path. */
const PATH_TRADERS = 50_000;

export const indexes: readonly TableIndex[] = [
  { table: "traders", columns: ["foldedHandle"] },
  { table: "follows", columns: ["leaderId", "followerId"] },
  { table: "blocks", columns: ["blockedId", "traderId"] },
  { table: "copies", columns: ["leaderId", "followerId"] },
];

/** The social graph in SQLite. */
export class SqliteSocialReader implements SocialReader {
  readonly #queries: SqliteQueries;
  readonly #ranking: SqliteRanking;

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
    this.#ranking = new SqliteRanking(queries);
  }

  async traders(handle: string | null, page: PageRequest<string>): Promise<Page<Trader, string>> {
    const rows = this.#queries.all(
      `${SELECT_TRADERS} WHERE t.traderId > ? AND (? IS NULL OR t.foldedHandle = ?)
       ORDER BY t.traderId LIMIT ?`,
      [page.after ?? "", handle, handle?.toLowerCase() ?? null, page.limit + 1],
    );
    return pageOf(rows.map(traderOf), page.limit, ({ traderId }) => traderId);
  }

  async trader(traderId: string): Promise<Trader | null> {
    const row = this.#queries.get(`${SELECT_TRADERS} WHERE t.traderId = ?`, [traderId]);
    return row === null ? null : traderOf(row);
  }

  async relations(
    ends: Ends,
    traderId: string,
    { after, limit }: PageRequest<string>,
  ): Promise<Page<Relation, string>> {
    const rows = this.#queries.all(RELATIONS[ends], [traderId, after ?? "", limit + 1]);
    return pageOf(rows.map(relationOf), limit, (relation) => relation.traderId);
  }

  async copying(traderId: string): Promise<readonly CopyRelation[]> {
    const rows = this.#queries.all(
      `SELECT c.*, t.handle, c.leaderId AS traderId FROM ${COPIES} c
       JOIN traders t ON t.traderId = c.leaderId
       WHERE c.followerId = ? ORDER BY c.leaderId`,
      [traderId],
    );
    return rows.map(copyOf);
  }

  async copiers(traderId: string): Promise<readonly Copier[]> {
    const rows = this.#queries.all(
      `WITH RECURSIVE tree(followerId, leaderId, depth) AS (
         SELECT followerId, leaderId, 1 FROM ${COPIES} WHERE leaderId = ?
         UNION
         SELECT c.followerId, c.leaderId, tree.depth + 1 FROM tree
         JOIN ${COPIES} c ON c.leaderId = tree.followerId WHERE tree.depth < ${COPIERS_DEPTH}
       )
       SELECT c.*, t.handle, c.followerId AS traderId, min(tree.depth) AS depth FROM tree
       JOIN copies c ON c.followerId = tree.followerId AND c.leaderId = tree.leaderId
       JOIN traders t ON t.traderId = c.followerId
       GROUP BY c.followerId, c.leaderId
       ORDER BY depth, c.leaderId, c.followerId LIMIT ${LISTED_COPIERS + 1}`,
      [traderId],
    );
    if (rows.length > LISTED_COPIERS) throw tooMany(`${LISTED_COPIERS} copiers`);
    return rows.map(copierOf);
  }

  async path(fromId: string, toId: string): Promise<readonly string[] | null> {
    const before = new Map<string, string | null>([[fromId, null]]);
    let frontier = [fromId];
    for (let step = 0; step < PATH_STEPS && frontier.length > 0; step += 1) {
      if (before.has(toId)) return pathTo(toId, before);
      frontier = frontier.flatMap((one) => this.#newLeaders(one, before));
      if (before.size > PATH_TRADERS) throw tooMany(`${PATH_TRADERS} traders on the way`);
    }
    return before.has(toId) ? pathTo(toId, before) : null;
  }

  #newLeaders(traderId: string, before: Map<string, string | null>): string[] {
    const sql = `SELECT leaderId FROM ${FOLLOWS} WHERE followerId = ? ORDER BY leaderId`;
    const leaders = this.#queries.all(sql, [traderId]).map((row) => text(row, "leaderId"));
    const fresh = leaders.filter((leader) => !before.has(leader));
    for (const leader of fresh) before.set(leader, traderId);
    return fresh;
  }

  async suggestions(traderId: string, limit: number): Promise<readonly Suggestion[]> {
    const rows = this.#queries.all(SELECT_SUGGESTIONS, [
      traderId,
      traderId,
      traderId,
      traderId,
      traderId,
    ]);
    return suggestionsOf(rows, await this.#ranking.current(), limit);
  }

  async influence(): Promise<readonly Influence[]> {
    return this.#ranking.current();
  }
}

const SELECT_TRADERS = `
  SELECT t.*, EXISTS (SELECT 1 FROM departures d WHERE d.traderId = t.traderId) AS hasLeft,
    (SELECT count(*) FROM ${FOLLOWS} WHERE leaderId = t.traderId) AS followers,
    (SELECT count(*) FROM ${FOLLOWS} WHERE followerId = t.traderId) AS following,
    (SELECT count(*) FROM ${COPIES} WHERE leaderId = t.traderId) AS copiers,
    (SELECT count(*) FROM ${COPIES} WHERE followerId = t.traderId) AS copying
  FROM traders t`;

const RELATIONS: Readonly<Record<Ends, string>> = {
  followers: `
    SELECT t.traderId, t.handle, f.sinceMs FROM ${FOLLOWS} f
    JOIN traders t ON t.traderId = f.followerId
    WHERE f.leaderId = ? AND f.followerId > ? ORDER BY f.followerId LIMIT ?`,
  following: `
    SELECT t.traderId, t.handle, f.sinceMs FROM ${FOLLOWS} f
    JOIN traders t ON t.traderId = f.leaderId
    WHERE f.followerId = ? AND f.leaderId > ? ORDER BY f.leaderId LIMIT ?`,
  mutuals: `
    SELECT t.traderId, t.handle, max(f.sinceMs, g.sinceMs) AS sinceMs FROM ${FOLLOWS} f
    JOIN follows g ON g.followerId = f.leaderId AND g.leaderId = f.followerId
    JOIN traders t ON t.traderId = f.leaderId
    WHERE f.followerId = ? AND f.leaderId > ? ORDER BY f.leaderId LIMIT ?`,
};

/** Whom those follow whom one follows, but oneself, whom one follows, and blocks either way. */
const SELECT_SUGGESTIONS = `
  SELECT t.traderId, t.handle, count(*) AS common FROM ${FOLLOWS} mine
  JOIN ${FOLLOWS} theirs ON theirs.followerId = mine.leaderId
  JOIN traders t ON t.traderId = theirs.leaderId
  WHERE mine.followerId = ? AND theirs.leaderId <> ?
    AND theirs.leaderId NOT IN (SELECT leaderId FROM follows WHERE followerId = ?)
    AND theirs.leaderId NOT IN (SELECT blockedId FROM blocks WHERE traderId = ?)
    AND theirs.leaderId NOT IN (SELECT traderId FROM blocks WHERE blockedId = ?)
  GROUP BY t.traderId ORDER BY common DESC, t.traderId LIMIT ${SUGGESTION_CANDIDATES}`;

function pathTo(id: string, before: ReadonlyMap<string, string | null>): string[] {
  const path: string[] = [];
  for (let one: string | null = id; one !== null; one = before.get(one) ?? null) path.unshift(one);
  return path;
}
