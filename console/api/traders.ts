import { at, type Call, withQuery } from "./call.ts";
import { anything, decimal, list, number, optional, record, shape, text } from "./shape.ts";

/** As many as one graph shows: each costs two calls. */
export const TRADERS_A_PAGE = 40;
/** Edges of one trader in the graph; the trader's own page names the rest. */
const EDGES = 100;

const trader = shape({
  traderId: text,
  handle: optional(text),
  followers: optional(number),
  following: optional(number),
  copiers: optional(number),
});

const follow = shape({ traderId: text, handle: optional(text), since: optional(text) });

const copy = shape({
  traderId: text,
  handle: optional(text),
  since: optional(text),
  allocation: optional(decimal),
  mode: optional(text),
  status: optional(text),
});

export type Trader = ReturnType<typeof trader>;
export type Follow = ReturnType<typeof follow>;
export type Copy = ReturnType<typeof copy>;

export function listTraders(cursor: string | null): Call<readonly Trader[]> {
  return { ...withQuery(at`/v1/traders`, { limit: TRADERS_A_PAGE, cursor }), read: list(trader) };
}

export function listFollowers(id: string): Call<readonly Follow[]> {
  return { ...withQuery(at`/v1/traders/${id}/followers`, { limit: EDGES }), read: list(follow) };
}

export function listFollowing(id: string): Call<readonly Follow[]> {
  return { ...withQuery(at`/v1/traders/${id}/following`, { limit: EDGES }), read: list(follow) };
}

export function listCopiers(id: string): Call<readonly Copy[]> {
  return { ...withQuery(at`/v1/traders/${id}/copiers`, { limit: EDGES }), read: list(copy) };
}

/** What several read models know of one trader; shown member by member, whatever they are. */
export function getTraderOverview(id: string): Call<Readonly<Record<string, unknown>>> {
  const cli = `cipherhorizon aggregates show trader ${id}`;
  return { ...at`/v1/traders/${id}/overview`, read: record(anything), cli };
}
