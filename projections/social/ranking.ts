import { setImmediate as nextTurn } from "node:timers/promises";
import { type SqlRow, text } from "../runner/sql-row.ts";
import { type FollowEdges, pageRank } from "./influence.ts";
import { tooMany } from "./limits.ts";
import type { Influence } from "./store.ts";

/** Follows that one ranking takes in; more are refused. */
export const RANKED_FOLLOWS = 500_000;
/** Follows along which influence is passed on between two turns of the event loop. */
const PASSED_ON_PER_TURN = 500_000;

/** Who is ranked, and along which follows. */
export class RankedFollows {
  /** In the order of their ids. */
  readonly traders: readonly SqlRow[];
  readonly #numbers: ReadonlyMap<string, number>;
  /** Each with both numbers in one, so that a sort of numbers puts them in order. */
  readonly #edges: number[] = [];

  /** Rows of `traderId` and `handle`, in the order of the ids. */
  constructor(traders: readonly SqlRow[]) {
    this.traders = traders;
    this.#numbers = new Map(traders.map((row, number) => [text(row, "traderId"), number]));
  }

  /** Whom somebody follows; one who is not ranked does not count. */
  add(followerId: string, leaderIds: readonly string[]): void {
    const from = this.#numbers.get(followerId);
    if (from === undefined) return;
    for (const leaderId of leaderIds) {
      const to = this.#numbers.get(leaderId);
      if (to !== undefined) this.#edges.push(from * this.traders.length + to);
    }
    if (this.#edges.length > RANKED_FOLLOWS) throw tooMany(`${RANKED_FOLLOWS} follows`);
  }

  /** The last digits of a sum depend on its order, which therefore is the same in every store. */
  edges(): FollowEdges {
    const { length } = this.traders;
    const sorted = Float64Array.from(this.#edges).sort();
    return {
      traders: length,
      from: Uint32Array.from(sorted, (edge) => Math.floor(edge / length)),
      to: Uint32Array.from(sorted, (edge) => edge % length),
    };
  }
}

/** By falling influence; equal ones by id. */
export async function rankingOf(follows: RankedFollows): Promise<readonly Influence[]> {
  const edges = follows.edges();
  const normalised = await inTurns(edges, "normalised");
  const gds = await inTurns(edges, "gds");
  const ranking = follows.traders.map((row, i) => ({
    traderId: text(row, "traderId"),
    handle: text(row, "handle"),
    normalised: normalised[i] ?? 0,
    gds: gds[i] ?? 0,
  }));
  return ranking.sort((a, b) => b.normalised - a.normalised || compareIds(a, b));
}

export function compareIds(
  a: { readonly traderId: string },
  b: { readonly traderId: string },
): number {
  return a.traderId < b.traderId ? -1 : 1;
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
