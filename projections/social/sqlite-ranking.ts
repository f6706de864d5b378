import { setImmediate as nextTurn } from "node:timers/promises";
import { text, textOrNull } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../runner/sqlite-query.ts";
import { FOLLOWS_PER_TURN, RankedFollows, rankingOf } from "./ranking.ts";
import { FOLLOWS, GONE } from "./sqlite-relations.ts";
import type { Influence } from "./store.ts";

/** The ranking of all traders by influence, on one connection. */
export class SqliteRanking {
  readonly #queries: SqliteQueries;
  #ranked: { readonly position: string; readonly ranking: readonly Influence[] } | null = null;

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
  }

  /** Kept until the next event is applied. */
  async current(): Promise<readonly Influence[]> {
    const row = this.#queries.get('SELECT group_concat("next") AS position FROM "_checkpoints"');
    const position = row === null ? "" : (textOrNull(row, "position") ?? "");
    if (this.#ranked?.position === position) return this.#ranked.ranking;
    const ranking = await this.#rank();
    this.#ranked = { position, ranking };
    return ranking;
  }

  async #rank(): Promise<readonly Influence[]> {
    const rows = this.#queries.all(
      `SELECT traderId, handle FROM traders WHERE traderId NOT IN ${GONE} ORDER BY traderId`,
    );
    const follows = new RankedFollows(rows);
    let after = ["", ""];
    for (;;) {
      const page = this.#queries.all(SELECT_FOLLOWS, [...after, FOLLOWS_PER_TURN]);
      follows.add(page);
      const last = page.at(-1);
      if (last === undefined || page.length < FOLLOWS_PER_TURN) break;
      after = [text(last, "followerId"), text(last, "leaderId")];
      await nextTurn();
    }
    return rankingOf(follows);
  }
}

const SELECT_FOLLOWS = `
  SELECT followerId, leaderId FROM ${FOLLOWS} WHERE (followerId, leaderId) > (?, ?)
  ORDER BY followerId, leaderId LIMIT ?`;
