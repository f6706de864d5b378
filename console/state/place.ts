import { moment } from "../api/moment.ts";

/** Where the page is; the address holds all of it: `#/market/demo:BTC-USDT?interval=5m`. */
export interface Place {
  readonly page: string;
  readonly id: string | null;
  readonly query: Readonly<Record<string, string>>;
}

const HOME = "overview";

export function parsePlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const slash = path.indexOf("/");
  const page = slash < 0 ? path : path.slice(0, slash);
  const id = slash < 0 ? "" : path.slice(slash + 1);
  return {
    page: page === "" ? HOME : page,
    id: id === "" ? null : decoded(id),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** Members of the query that are null or empty are left out; the moment goes along. */
export function hrefOf(
  page: string,
  id: string | null = null,
  query: Readonly<Record<string, string | null>> = {},
): string {
  const path = id === null ? page : `${page}/${encodeURIComponent(id).replaceAll("%3A", ":")}`;
  const all = { asOf: moment.asOf, ...query };
  const given = Object.entries(all).filter(([, value]) => value !== null && value !== "");
  const text = new URLSearchParams(given as [string, string][]).toString();
  return `#/${path}${text === "" ? "" : `?${text.replaceAll("%3A", ":")}`}`;
}

/** The same place with other members of its query. */
export function hrefWith(place: Place, changes: Readonly<Record<string, string | null>>): string {
  return hrefOf(place.page, place.id, { ...place.query, ...changes });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // An address typed by hand: shown as it stands, the API says what it thinks of it.
    return text;
  }
}
