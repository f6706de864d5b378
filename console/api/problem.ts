import { optional, shape, text } from "./shape.ts";

export type ProblemKind = "no such route" | "not found" | "not yet" | "unreachable" | "failed";

/** An answer that is none, as RFC 9457 tells it, or what kept an answer from coming. */
export class Problem extends Error {
  readonly title: string;
  readonly status: number | null;
  readonly code: string | null;

  constructor(told: { title: string; detail: string; status: number | null; code: string | null }) {
    super(told.detail);
    this.name = "Problem";
    this.title = told.title;
    this.status = told.status;
    this.code = told.code;
  }

  get kind(): ProblemKind {
    if (this.code === "ROUTE_NOT_FOUND") return "no such route";
    if (this.status === 404) return "not found";
    if (this.status === 503) return "not yet";
    return this.status === null ? "unreachable" : "failed";
  }
}

const body = shape({ title: optional(text), detail: optional(text), code: optional(text) });

/** The problem in an answer of 400 and above. */
export async function problemOf(response: Response): Promise<Problem> {
  const { status, statusText } = response;
  const told = await response.text();
  try {
    const { title, detail, code } = body(JSON.parse(told), "problem");
    return new Problem({ title: title ?? statusText, detail: detail ?? "", status, code });
  } catch {
    // What answers without a problem is no platform: a proxy, say. Its own words are all there is.
    return new Problem({ title: statusText, detail: told.slice(0, 300), status, code: null });
  }
}

/** What was thrown, as a problem to show. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof TypeError) {
    return new Problem({ title: "The server cannot be reached", detail, status: null, code: null });
  }
  const title = "The answer has a form that this page does not know";
  return new Problem({ title, detail, status: 200, code: null });
}
