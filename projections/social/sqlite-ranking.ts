import { setImmediate as nextTurn } from "node:timers/promises";
import { type SqlRow, text, textOrNull } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
import { KeptRanking } from "./kept-ranking.ts";
import { RankedFollows, rankingOf } from "./ranking.ts";
import { FOLLOWS, GONE } from "./sqlite-relations.ts";
import type { Influence } from "./store.ts";

/** Followers that are read between two turns of the event loop, so that a ranking stops nobody. */
const FOLLOWERS_PER_PAGE = 100;

/** The ranking of all traders by influence, on one connection. */
export class SqliteRanking {
  readonly #queries: SqliteQueries;
  readonly #kept = new KeptRanking();

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
  }

  current(): Promise<readonly Influence[]> {
    const row = this.#queries.get('SELECT group_concat("next") AS position FROM "_checkpoints"');
    const position = row === null ? "" : (textOrNull(row, "position") ?? "");
    return this.#kept.at(position, () => this.#rank());
  }

  async #rank(): Promise<readonly Influence[]> {
    const rows = this.#queries.all(
      `SELECT traderId, handle FROM traders WHERE traderId NOT IN ${GONE} ORDER BY traderId`,
    );
    const follows = new RankedFollows(rows);
    let after = "";
    for (;;) {
      const page = this.#queries.all(SELECT_FOLLOWS, [after, FOLLOWERS_PER_PAGE]);
      for (const row of page) follows.add(text(row, "followerId"), leaderIdsOf(row));
      const last = page.at(-1);
      if (last === undefined || page.length < FOLLOWERS_PER_PAGE) break;
      after = text(last, "followerId");
      await nextTurn();
    }
    return rankingOf(follows);
  }
}

/** One row per follower: a row per follow takes several times as long to read. */
const SELECT_FOLLOWS = `
  SELECT followerId, json_group_array(leaderId) AS leaderIds FROM ${FOLLOWS}
  WHERE followerId > ? GROUP BY followerId ORDER BY followerId LIMIT ?`;

function leaderIdsOf(row: SqlRow): readonly string[] {
  return JSON.parse(text(row, "leaderIds"));
}
