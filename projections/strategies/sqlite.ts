import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { conditions } from "../runner/sql-conditions.ts";
import { integer, type SqlRow, text, textOrNull } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
import type { SqliteIndex } from "../stores/sqlite/schema.ts";
import {
  keysByWordsSql,
  matchOf,
  requireTextIndex,
  type SqliteTextIndex,
} from "../stores/sqlite/text-index.ts";
import type { Strategy, StrategyFilter, StrategyReader, StrategyVersion } from "./store.ts";

const words: SqliteTextIndex = { table: "strategies", wordsOf: "searchText" };

export const indexes: readonly SqliteIndex[] = [
  { table: "strategies", columns: ["owner", "strategyId"] },
  words,
];

/** The strategies read model in SQLite. */
export class SqliteStrategyReader implements StrategyReader {
  readonly #queries: SqliteQueries;

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
  }

  async strategies(
    filter: StrategyFilter,
    page: PageRequest<string>,
  ): Promise<Page<Strategy, string>> {
    if (filter.text !== null) requireTextIndex(this.#queries, words);
    const where = conditions([
      ["s.strategyId > ?", page.after ?? ""],
      ["(s.owner = ? OR v.visibility = 'public')", filter.actor],
      ["s.owner = ?", filter.owner],
      ["t.status = ?", filter.status],
      ["s.document ->> '$.type' = ?", filter.type],
      [`${heldBy("$.tags")} = ?)`, filter.tag],
      [`${heldBy("$.instruments")} = ?)`, filter.instrument],
      [INDICATOR, filter.indicator],
      [HOLDS_WORDS, filter.text === null ? null : matchOf(filter.text)],
    ]);
    const sql = `${SELECT} WHERE ${where.sql} ORDER BY s.strategyId LIMIT ?`;
    const rows = this.#queries.all(sql, [...where.values, page.limit + 1]);
    return pageOf(rows.map(strategyOf), page.limit, ({ strategyId }) => strategyId);
  }

  async strategy(strategyId: string): Promise<Strategy | null> {
    const row = this.#queries.get(`${SELECT} WHERE s.strategyId = ?`, [strategyId]);
    return row === null ? null : strategyOf(row);
  }

  async versions(
    strategyId: string,
    { after, limit }: PageRequest<number>,
  ): Promise<Page<StrategyVersion, number>> {
    const rows = this.#queries.all(
      `SELECT * FROM versions WHERE strategyId = ? AND version > ? ORDER BY version LIMIT ?`,
      [strategyId, after ?? 0, limit + 1],
    );
    return pageOf(rows.map(versionOf), limit, ({ version }) => version);
  }

  async version(strategyId: string, version: number): Promise<StrategyVersion | null> {
    const sql = "SELECT * FROM versions WHERE strategyId = ? AND version = ?";
    const row = this.#queries.get(sql, [strategyId, version]);
    return row === null ? null : versionOf(row);
  }
}

const SELECT = `
  SELECT s.*, o.forkedFrom, o.createdAtMs, t.status, v.visibility, c.sequence, c.changedAtMs
  FROM strategies s JOIN origins o USING (strategyId) JOIN statuses t USING (strategyId)
    JOIN visibilities v USING (strategyId) JOIN changes c USING (strategyId)`;

const HOLDS_WORDS = `s.strategyId IN (${keysByWordsSql(words, ["strategyId"])})`;

const INDICATOR = `EXISTS (SELECT 1 FROM json_each(s.document, '$.rules') r, (SELECT ? AS name) w
  WHERE r.value ->> '$.indicator' = w.name
    OR substr(r.value ->> '$.indicator', 1, length(w.name) + 1) = w.name || '_')`;

function heldBy(path: "$.tags" | "$.instruments"): string {
  return `EXISTS (SELECT 1 FROM json_each(s.document, '${path}') e WHERE e.value`;
}

function strategyOf(row: SqlRow): Strategy {
  return {
    strategyId: text(row, "strategyId"),
    owner: text(row, "owner"),
    version: integer(row, "version"),
    document: text(row, "document"),
    status: text(row, "status"),
    visibility: text(row, "visibility"),
    forkedFrom: textOrNull(row, "forkedFrom"),
    createdAtMs: integer(row, "createdAtMs"),
    changedAtMs: integer(row, "changedAtMs"),
    sequence: integer(row, "sequence"),
  };
}

function versionOf(row: SqlRow): StrategyVersion {
  return {
    version: integer(row, "version"),
    document: text(row, "document"),
    createdAtMs: integer(row, "createdAtMs"),
  };
}
