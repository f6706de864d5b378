import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { withAnyKey } from "../access/roles.ts";
import { type Catalogue, PlatformError } from "../errors/catalogue.ts";
import type { Logger } from "../telemetry/logger.ts";
import { httpRequestDurationSeconds } from "../telemetry/metrics.ts";
import { conversationOf, conversationOn, introduce, newConversation } from "./conversation.ts";
import { admit, type Door } from "./door.ts";
import {
  type BodyLimits,
  DEFAULT_RETRY_AFTER_SECONDS,
  JSON_BODY_LIMITS,
  LINGER_MS,
} from "./limits.ts";
import { PROBLEM_CONTENT_TYPE, problemOf } from "./problem.ts";
import { parseBody, parsePath, parseQuery } from "./request-parts.ts";
import type { Route } from "./route.ts";
import { inRequestSpan } from "./trace-request.ts";

export interface AppOptions {
  readonly routes: readonly Route[];
  /** The platform's errors and the contexts' refusals. */
  readonly catalogue: Catalogue;
  readonly door: Door;
  readonly logger: Logger;
  readonly bodyLimits?: BodyLimits;
  /** Left out: `started`. Before that, what has no route yet may have one soon. */
  readonly phase?: "starting" | "started";
}

const SECURITY_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-cache",
};

/** The Express app that serves the routes; whatever goes wrong leaves as a problem answer. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.enable("case sensitive routing").enable("strict routing");
  app.set("query parser", false);
  app.use(beginRequest);
  for (const route of inMatchingOrder(options.routes)) {
    app[methodOf(route)](expressPath(route.path), (request: Request, response: Response) => {
      response.locals.route = route.path;
      const exchange = { request, response, options };
      return inRequestSpan(route, exchange, () => serve(route, exchange));
    });
  }
  for (const [path, methods] of methodsByPath(options.routes)) {
    app.all(expressPath(path), (_request, response, next) => {
      response.locals.allow = [...allowedMethods(response), ...methods];
      next();
    });
  }
  app.use((request, response) => refuseUnknown({ request, response, options }));
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    sendProblem(error, { request, response, options });
  });
  return app;
}

const STARTING = "The process is starting; /readyz says what it waits for.";

interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly options: AppOptions;
}

function beginRequest(request: Request, response: Response, next: NextFunction): void {
  const startedNs = process.hrtime.bigint();
  response.set(SECURITY_HEADERS);
  response.once("close", () => measure(request, response, startedNs));
  try {
    introduce(response, conversationOf(request));
  } catch (error) {
    introduce(response, newConversation());
    throw error;
  }
  if (!/^[\x21-\x7e]*$/.test(request.url)) {
    throw new PlatformError("INVALID_REQUEST", "The address is not percent-encoded ASCII.");
  }
  next();
}

function measure(request: Request, response: Response, startedNs: bigint): void {
  const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9;
  const route = (response.locals.route as string | undefined) ?? "unmatched";
  const method = response.locals.route === undefined ? "any" : request.method;
  const status = response.headersSent ? response.statusCode : "aborted";
  httpRequestDurationSeconds.observe({ route, method, status }, seconds);
}

async function serve(route: Route, exchange: Exchange): Promise<void> {
  const { request, response, options } = exchange;
  const { door } = options;
  const { caller, keyHolds } = await admit(route.access, { request, response, door });
  const path = parsePath(route, request);
  const query = parseQuery(route, request);
  const body = await parseBody(route, request, options.bodyLimits ?? JSON_BODY_LIMITS);
  const identity = { ...caller, ...conversationOn(response) };
  await route.handle({ path, query, body, identity, keyHolds, raw: request }, response);
  const streamError: unknown = response.locals.streamError;
  if (streamError !== undefined) record(streamError, exchange);
}

function methodOf(route: Route): "get" | "post" | "delete" {
  return route.method === "GET" ? "get" : route.method === "POST" ? "post" : "delete";
}

/** `/v1/portfolios/{id}/trades` → `/v1/portfolios/:id/trades`. */
function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

/** Literal segments before parameters, so that `/v1/commands` never is a `/v1/{collection}`. */
function inMatchingOrder(routes: readonly Route[]): readonly Route[] {
  const rank = (route: Route) => route.path.replace(/\{\w+\}/g, "\uffff");
  return routes.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function methodsByPath(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) {
    methods.set(path, [
      ...(methods.get(path) ?? []),
      ...(method === "GET" ? ["GET", "HEAD"] : [method]),
    ]);
  }
  return methods;
}

function allowedMethods(response: Response): readonly string[] {
  return (response.locals.allow as readonly string[] | undefined) ?? [];
}

/** What there is, and what there is not, is told to who bears a key. */
async function refuseUnknown({ request, response, options }: Exchange): Promise<void> {
  await admit(withAnyKey, { request, response, door: options.door });
  const methods = [...new Set([...allowedMethods(response), "OPTIONS"])];
  if (methods.length === 1) {
    if (options.phase === "starting") throw new PlatformError("NOT_READY", STARTING);
    throw new PlatformError("ROUTE_NOT_FOUND", `There is no ${request.path}; see /docs.`);
  }
  response.set("Allow", methods.join(", "));
  if (request.method === "OPTIONS") {
    response.status(204).end();
    return;
  }
  const detail = `${request.path} takes ${methods.join(", ")}.`;
  throw new PlatformError("METHOD_NOT_ALLOWED", detail);
}

/** Answers with the problem; where an answer has begun, the connection ends so that the client
 *  can't take half of it for the whole. */
function sendProblem(thrown: unknown, exchange: Exchange): void {
  const { request, response, options } = exchange;
  const error = fromExpress(thrown);
  record(error, exchange);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const problem = problemOf(error, options.catalogue);
  const instance = `urn:uuid:${conversationOn(response).correlationId}`;
  if (problem.retryable) response.set("Retry-After", retryAfter(problem));
  response.removeHeader("ETag");
  response.status(problem.status).type(PROBLEM_CONTENT_TYPE);
  response.send(JSON.stringify({ ...problem, instance }));
  if (!request.complete) linger(request);
}

function retryAfter(problem: { readonly [fact: string]: unknown }): string {
  const seconds = problem["retryAfterSeconds"];
  return String(typeof seconds === "number" ? Math.ceil(seconds) : DEFAULT_RETRY_AFTER_SECONDS);
}

/** Express itself throws only for paths whose percent-encoding is broken. */
function fromExpress(error: unknown): unknown {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  if (status !== 400) return error;
  return new PlatformError("INVALID_REQUEST", "The path is not percent-encoded UTF-8.");
}

function record(error: unknown, { request, response, options }: Exchange): void {
  const { correlationId } = conversationOn(response);
  const { code, status } = problemOf(error, options.catalogue);
  const story = { correlationId, code, method: request.method, path: request.path };
  if (status < 500) options.logger.debug(story, "request refused");
  else if (code !== "INTERNAL") options.logger.warn({ ...story, err: error }, "request failed");
  else options.logger.error({ ...story, err: error }, "request failed by a defect");
}

/** Reads on and drops: closing at once would reset the connection under the answer. */
function linger(request: Request): void {
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  timer.unref();
  request.once("close", () => clearTimeout(timer));
}
