import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Catalogue, platformErrors } from "../errors/catalogue.ts";

/** A whole exchange, its answer included, must be done in this time. */
const CLIENT_TIMEOUT_MS = 30_000;
const MAXIMUM_ATTEMPTS = 4;
const FIRST_RETRY_DELAY_MS = 200;
const LONGEST_RETRY_DELAY_MS = 5_000;

export interface ApiRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface ApiClientOptions {
  /** `http://127.0.0.1:8081` */
  readonly url: string;
  /** What every request bears; null where no key is needed. */
  readonly apiKey: string | null;
  readonly timeoutMs?: number;
}

const problemSchema = z.looseObject({
  code: z.string(),
  title: z.string(),
  detail: z.string(),
  status: z.int(),
  retryable: z.boolean(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).default([]),
});

type ProblemAnswer = Readonly<z.infer<typeof problemSchema>>;

/** A failure that the other process told us, or that we met on the way to it (`UNREACHABLE`). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  readonly exitCode: number;
  readonly problem: ProblemAnswer;

  constructor(problem: ProblemAnswer, cause?: unknown) {
    super(problem.detail, { cause });
    this.code = problem.code;
    this.problem = problem;
    this.exitCode = exitCodeOf(problem);
  }
}

/** Calls another process of the platform; safe requests are tried again where that may help. */
export class ApiClient {
  readonly #url: string;
  readonly #authorization: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;

  constructor({ url, apiKey, timeoutMs = CLIENT_TIMEOUT_MS }: ApiClientOptions) {
    this.#url = url;
    this.#authorization = authorization(apiKey);
    this.#timeoutMs = timeoutMs;
  }

  /** The answer; anything but a status below 400 is thrown as an `ApiError`. */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(request);
      } catch (error) {
        if (!(error instanceof ApiError) || !mayRetry(request, error, attempt)) throw error;
        await sleep(retryDelayMs(error, attempt));
      }
    }
  }

  async #attempt(request: ApiRequest): Promise<ApiAnswer> {
    const { method, path, body } = request;
    const headers = { ...this.#authorization, ...request.headers };
    const withBody = { "Content-Type": "application/json", ...headers };
    const init = body === undefined ? { headers } : { headers: withBody, body: textOf(body) };
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      const response = await fetch(new URL(path, this.#url), { method, signal, ...init });
      const text = await response.text();
      if (response.status >= 400) throw new ApiError(problemIn(response, text));
      return { status: response.status, headers: response.headers, body: jsonOrNull(text) };
    } catch (error) {
      throw error instanceof ApiError ? error : unreachable(this.#url, error);
    }
  }
}

/** The header that bears a key. */
export function authorization(apiKey: string | null): Readonly<Record<string, string>> {
  return apiKey === null ? {} : { Authorization: `Bearer ${apiKey}` };
}

function textOf(body: unknown): string {
  return JSON.stringify(body);
}

/** A command with its id is as safe to repeat as a query: the owner knows it again. */
function mayRetry(request: ApiRequest, error: ApiError, attempt: number): boolean {
  const isSafe = request.method === "GET" || "Idempotency-Key" in (request.headers ?? {});
  return isSafe && error.problem.retryable && attempt < MAXIMUM_ATTEMPTS;
}

/** What the server asks for, else doubling; half of it by chance, so that clients spread. */
function retryDelayMs(error: ApiError, attempt: number): number {
  const asked = error.problem["retryAfterSeconds"];
  const delayMs =
    typeof asked === "number" ? asked * 1_000 : FIRST_RETRY_DELAY_MS * 2 ** (attempt - 1);
  return Math.min(delayMs, LONGEST_RETRY_DELAY_MS) * (0.5 + Math.random() / 2);
}

function problemIn(response: Response, text: string): ProblemAnswer {
  const parsed = problemSchema.safeParse(jsonOrNull(text));
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  if (!parsed.success) return foreignAnswer(response.status, text);
  return Number.isNaN(retryAfter) ? parsed.data : { ...parsed.data, retryAfterSeconds: retryAfter };
}

/** Something between us and the platform answered, or it is not the platform at all. */
function foreignAnswer(status: number, text: string): ProblemAnswer {
  const { title, retryable } = platformErrors.UNREACHABLE;
  const detail = `The server answered ${status} without a problem: ${text.slice(0, 200)}`;
  return { code: "UNREACHABLE", title, detail, status, retryable, errors: [] };
}

function unreachable(url: string, cause: unknown): ApiError {
  const { title, status, retryable } = platformErrors.UNREACHABLE;
  const detail = `${url} does not answer: ${reasonOf(cause)}. Is the command side running?`;
  return new ApiError({ code: "UNREACHABLE", title, detail, status, retryable, errors: [] }, cause);
}

/** `fetch` hides the system's error (ECONNREFUSED …) in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

function exitCodeOf({ code }: ProblemAnswer): number {
  const catalogue: Catalogue = platformErrors;
  return (Object.hasOwn(catalogue, code) ? catalogue[code]?.exitCode : undefined) ?? REFUSED;
}

/** Codes that the platform's own catalogue does not have are refusals of a context. */
const REFUSED = 6;

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
