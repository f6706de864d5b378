import type { Call } from "./call.ts";
import { fetchWithKey } from "./key.ts";
import { type Problem, problemOf } from "./problem.ts";
import { list, number, optional, type Reader, record, shape, text } from "./shape.ts";

/** How long a query may wait until it is as new as the answer before it. */
const WAIT_SECONDS = 2;
/** Tokens are kept for so many addresses. */
const TOKENS = 500;

/** What every answer of a read model says of itself; null where the route is of no read model. */
export interface Freshness {
  /** As text; of an answer that joins read models, that of each. */
  readonly generation: string | null;
  readonly position: Readonly<Record<string, number>> | null;
  readonly lagSeconds: number | null;
  readonly parked: readonly string[] | null;
}

export interface Answer<T> extends Freshness {
  readonly data: T;
  readonly nextCursor: string | null;
}

const generations: Reader<string> = (value, place) => {
  if (typeof value === "number") return String(value);
  const each = Object.entries(record(number)(value, place));
  return each.map(([name, one]) => `${name} ${one}`).join(", ");
};

const envelope = shape({
  generation: optional(generations),
  position: optional(record(number)),
  lagSeconds: optional(number),
  parked: optional(list(text)),
  nextCursor: optional(text),
});

/** By address: an answer is never older than the one before, whichever process gives it. */
const tokens = new Map<string, string>();

/** Asks once; a refusal is thrown as a `Problem`. */
export async function ask<T>(call: Call<T>, signal: AbortSignal): Promise<Answer<T>> {
  const response = await send(call.path, signal);
  const body: unknown = await response.json();
  remember(call.path, response.headers.get("Consistency-Token"));
  const data = shape({ data: call.read })(body, "answer").data;
  return { ...envelope(body, "answer"), data };
}

/** The text of a route that is no query, such as `/metrics`. */
export async function askText(path: string, signal: AbortSignal): Promise<string> {
  return (await send(path, signal)).text();
}

async function send(path: string, signal: AbortSignal): Promise<Response> {
  const token = tokens.get(path);
  const headers = token && { "Consistency-Token": token, Prefer: `wait=${WAIT_SECONDS}` };
  const response = await fetchWithKey(path, { signal, cache: "no-store", headers: headers || {} });
  if (response.ok) return response;
  const problem: Problem = await problemOf(response);
  // The log is another one now (restored, or a new folder): what was seen before is of no use.
  if (problem.code === "LOG_MISMATCH") tokens.clear();
  throw problem;
}

function remember(path: string, token: string | null): void {
  if (token === null) return;
  tokens.delete(path);
  tokens.set(path, token);
  const [oldest] = tokens.keys();
  if (tokens.size > TOKENS && oldest !== undefined) tokens.delete(oldest);
}
