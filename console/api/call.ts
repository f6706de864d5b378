import type { Reader } from "./shape.ts";

/** An address with the route it belongs to: `/v1/portfolios/p-1`, `/v1/portfolios/{}`. */
export interface Address {
  readonly path: string;
  readonly route: string;
}

/** One question to the API, and how the command line asks the same where it can. */
export interface Call<T> extends Address {
  readonly read: Reader<T>;
  readonly cli?: string;
}

/** `` at`/v1/portfolios/${id}` ``: what is put in is encoded. */
export function at(parts: TemplateStringsArray, ...values: readonly string[]): Address {
  const route = parts.join("{}");
  return { path: String.raw({ raw: parts }, ...values.map(encodeSegment)), route };
}

export type Parameters = Readonly<Record<string, string | number | null>>;

/** The address with its query; parameters that are null or empty are left out. */
export function withQuery({ path, route }: Address, parameters: Parameters): Address {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== "");
  if (given.length === 0) return { path, route };
  const query = given.map(([name, value]) => `${name}=${encodeSegment(String(value))}`);
  return { path: `${path}?${query.join("&")}`, route };
}

/** Colons may stand in a path and in a query; ids with them stay readable. */
function encodeSegment(value: string): string {
  return encodeURIComponent(value).replaceAll("%3A", ":");
}

interface Curl {
  readonly origin: string;
  /** The connection stays open. */
  readonly stream?: boolean;
  /** The server wants a key; the command takes it from the environment. */
  readonly needsKey?: boolean;
}

/** What to paste into a shell. */
export function curlOf(path: string, { origin, stream, needsKey }: Curl): string {
  const key = needsKey ? '-H "Authorization: Bearer $CH_API_KEY" ' : "";
  return `curl ${stream ? "-N " : ""}${key}'${origin}${path.replaceAll("'", "%27")}'`;
}
