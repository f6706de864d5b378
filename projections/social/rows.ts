import { flag, integer, type SqlRow, text, textOrNull } from "../runner/sql-row.ts";
import { compareIds } from "./ranking.ts";
import type { Copier, CopyRelation, Influence, Relation, Suggestion, Trader } from "./store.ts";

export function traderOf(row: SqlRow): Trader {
  return {
    traderId: text(row, "traderId"),
    handle: text(row, "handle"),
    status: flag(row, "hasLeft") ? "left" : "registered",
    acceptsCopiers: flag(row, "acceptsCopiers"),
    copierLimit: integer(row, "copierLimit"),
    registeredAtMs: integer(row, "registeredAtMs"),
    followers: integer(row, "followers"),
    following: integer(row, "following"),
    copiers: integer(row, "copiers"),
    copying: integer(row, "copying"),
  };
}

export function relationOf(row: SqlRow): Relation {
  return {
    traderId: text(row, "traderId"),
    handle: text(row, "handle"),
    sinceMs: integer(row, "sinceMs"),
  };
}

export function copyOf(row: SqlRow): CopyRelation {
  return {
    ...relationOf(row),
    portfolioId: text(row, "portfolioId"),
    allocation: text(row, "allocation"),
    mode: text(row, "mode"),
    multiplier: textOrNull(row, "multiplier"),
    status: flag(row, "isPaused") ? "paused" : "active",
  };
}

export function copierOf(row: SqlRow): Copier {
  return { ...copyOf(row), depth: integer(row, "depth"), leaderId: text(row, "leaderId") };
}

/** By common follows, then influence, then id. */
export function suggestionsOf(
  rows: readonly SqlRow[],
  ranking: readonly Influence[],
  limit: number,
): readonly Suggestion[] {
  const influences = new Map(ranking.map((one) => [one.traderId, one.normalised]));
  const found = rows.map((row) => ({
    traderId: text(row, "traderId"),
    handle: text(row, "handle"),
    common: integer(row, "common"),
    influence: influences.get(text(row, "traderId")) ?? 0,
  }));
  return found.sort(compareSuggestions).slice(0, limit);
}

function compareSuggestions(a: Suggestion, b: Suggestion): number {
  return b.common - a.common || b.influence - a.influence || compareIds(a, b);
}
