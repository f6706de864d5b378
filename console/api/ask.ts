import type { Call } from "./call.ts";
import { fetchWithKey } from "./key.ts";
import { moment } from "./moment.ts";
import { type Problem, problemOf } from "./problem.ts";
import { list, number, optional, type Reader, record, shape, text } from "./shape.ts";

/** How long a query may wait until it is as new as the answer before it. */
const WAIT_SECONDS = 2;
/** How long it may wait for what a moment of the past is built from. */
const PAST_WAIT_SECONDS = 10;
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
  const { path } = moment.of(call);
  const response = await send(path, signal);
  const body: unknown = await response.json();
  remember(path, response.headers.get("Consistency-Token"));
  const data = shape({ data: call.read })(body, "answer").data;
  return { ...envelope(body, "answer"), data };
}

/** The text of a route that is no query, such as `/metrics`. */
export async function askText(path: string, signal: AbortSignal): Promise<string> {
  return (await send(path, signal)).text();
}

async function send(path: string, signal: AbortSignal): Promise<Response> {
  const response = await fetchWithKey(path, { signal, cache: "no-store", headers: wishes(path) });
  if (response.ok) return response;
  const problem: Problem = await problemOf(response);
  // The log is another one now (restored, or a new folder): what was seen before is of no use.
  if (problem.code === "LOG_MISMATCH") tokens.clear();
  throw problem;
}

function wishes(path: string): Record<string, string> {
  if (moment.asOf !== null) return { Prefer: `wait=${PAST_WAIT_SECONDS}` };
  const token = tokens.get(path);
  if (token === undefined) return {};
  return { "Consistency-Token": token, Prefer: `wait=${WAIT_SECONDS}` };
}

function remember(path: string, token: string | null): void {
  if (token === null) return;
  tokens.delete(path);
  tokens.set(path, token);
  const [oldest] = tokens.keys();
  if (tokens.size > TOKENS && oldest !== undefined) tokens.delete(oldest);
}
