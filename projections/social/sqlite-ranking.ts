import { setImmediate as nextTurn } from "node:timers/promises";
import { type SqlRow, text, textOrNull } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../runner/sqlite-query.ts";
import { type FollowEdges, pageRank } from "./influence.ts";
import { FOLLOWS, GONE, tooMany } from "./sqlite-relations.ts";
import type { Influence } from "./store.ts";

/** Follows that one ranking takes in; more are refused. */
const RANKED_FOLLOWS = 500_000;
/** Follows read between two turns of the event loop, so that a ranking stops nobody else … */
const FOLLOWS_PER_TURN = 4_000;
/** … and follows along which influence is passed on between two turns. */
const PASSED_ON_PER_TURN = 1_000_000;

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
    const traders = this.#queries.all(
      `SELECT traderId, handle FROM traders WHERE traderId NOT IN ${GONE} ORDER BY traderId`,
    );
    const edges = await this.#edges(traders);
    const normalised = await inTurns(edges, "normalised");
    const gds = await inTurns(edges, "gds");
    const ranking = traders.map((row, i) => ({
      traderId: text(row, "traderId"),
      handle: text(row, "handle"),
      normalised: normalised[i] ?? 0,
      gds: gds[i] ?? 0,
    }));
    return ranking.sort((a, b) => b.normalised - a.normalised || compareIds(a, b));
  }

  async #edges(traders: readonly SqlRow[]): Promise<FollowEdges> {
    const numbers = new Map(traders.map((row, number) => [text(row, "traderId"), number]));
    const [from, to]: [number[], number[]] = [[], []];
    let after = ["", ""];
    for (;;) {
      const rows = this.#queries.all(SELECT_FOLLOWS, [...after, FOLLOWS_PER_TURN]);
      for (const row of rows) {
        from.push(numbers.get(text(row, "followerId")) ?? 0);
        to.push(numbers.get(text(row, "leaderId")) ?? 0);
      }
      if (from.length > RANKED_FOLLOWS) throw tooMany(`${RANKED_FOLLOWS} follows`);
      const last = rows.at(-1);
      if (last === undefined || rows.length < FOLLOWS_PER_TURN) break;
      after = [text(last, "followerId"), text(last, "leaderId")];
      await nextTurn();
    }
    return { traders: traders.length, from: Uint32Array.from(from), to: Uint32Array.from(to) };
  }
}

/** The ranks, others having their turns in between. */
async function inTurns(
  edges: FollowEdges,
  convention: "normalised" | "gds",
): Promise<Float64Array> {
  const rounds = pageRank(edges, convention);
  const roundsPerTurn = Math.ceil(PASSED_ON_PER_TURN / Math.max(1, edges.from.length));
  for (let round = 1; ; round += 1) {
    const { done, value } = rounds.next();
    if (done === true) return value;
    if (round % roundsPerTurn === 0) await nextTurn();
  }
}

export function compareIds(
  a: { readonly traderId: string },
  b: { readonly traderId: string },
): number {
  return a.traderId < b.traderId ? -1 : 1;
}

const SELECT_FOLLOWS = `
  SELECT followerId, leaderId FROM ${FOLLOWS} WHERE (followerId, leaderId) > (?, ?)
  ORDER BY followerId, leaderId LIMIT ?`;
