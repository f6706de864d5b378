import type { Request } from "express";
import { type ZodObject, z } from "zod";
import { PlatformError } from "../errors/catalogue.ts";
import { fieldErrors } from "./field-errors.ts";
import { type BodyLimits, MAXIMUM_QUERY_PARAMETERS } from "./limits.ts";
import { NDJSON_CONTENT_TYPE } from "./ndjson.ts";
import { readJsonBody } from "./read-body.ts";
import type { Route } from "./route.ts";

const NOTHING = z.strictObject({});

/** The path's parameters, parsed. */
export function parsePath(route: Route, request: Request): Record<string, string> {
  const parsed = (route.pathParameters ?? NOTHING).safeParse({ ...request.params });
  if (parsed.success) return parsed.data as Record<string, string>;
  throw invalid("The path is not valid.", fieldErrors(parsed.error.issues, "/path"));
}

/** The query's parameters, parsed; unknown and repeated ones are refused. */
export function parseQuery(route: Route, request: Request): Record<string, unknown> {
  const given = queryParameters(request.url);
  const schema: ZodObject = route.query ?? NOTHING;
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw invalid("The query is not valid.", fieldErrors(parsed.error.issues, "/query"));
}

/** The body parsed by the route's schema; undefined where there is none, or it is NDJSON. */
export async function parseBody(
  route: Route,
  request: Request,
  limits: BodyLimits,
): Promise<unknown> {
  if (route.body === null) {
    if (hasBody(request)) throw invalid("This route takes no body.", []);
    return undefined;
  }
  if (acceptedContentType(route.body.contentTypes, request) === NDJSON_CONTENT_TYPE) {
    return undefined;
  }
  const value = await readJsonBody(request, limits);
  const parsed = route.body.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid("The body is not valid.", fieldErrors(parsed.error.issues));
}

function acceptedContentType(accepted: readonly string[], request: Request): string {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw unsupported(`Content-Encoding ${encoding} is not read; send the body as it is.`);
  }
  const [type = "", ...parameters] = (request.headers["content-type"] ?? "").split(";");
  const contentType = type.trim().toLowerCase();
  if (!accepted.includes(contentType)) {
    const given = contentType === "" ? "none" : contentType;
    throw unsupported(`Content-Type must be ${accepted.join(" or ")}, not ${given}.`);
  }
  if (!parameters.every(isUtf8Charset)) throw unsupported("The body's charset must be utf-8.");
  return contentType;
}

function isUtf8Charset(parameter: string): boolean {
  const [name = "", value = ""] = parameter.trim().toLowerCase().split("=");
  return name !== "charset" || /^"?utf-?8"?$/.test(value);
}

function hasBody(request: Request): boolean {
  const { "content-length": length, "transfer-encoding": transfer } = request.headers;
  return transfer !== undefined || (length !== undefined && length !== "0");
}

/** `a=1&b=x%20y`; each name once, percent-encoded UTF-8. */
function queryParameters(url: string): Record<string, string> {
  const mark = url.indexOf("?");
  if (mark < 0) return {};
  const pairs = url
    .slice(mark + 1)
    .split("&")
    .filter((pair) => pair !== "");
  if (pairs.length > MAXIMUM_QUERY_PARAMETERS) {
    throw invalid(`A query has at most ${MAXIMUM_QUERY_PARAMETERS} parameters.`, []);
  }
  const parameters = new Map<string, string>();
  for (const pair of pairs) {
    const [name, value] = splitPair(pair);
    if (parameters.has(name)) {
      const errors = [{ pointer: `/query/${name}`, detail: "is given twice" }];
      throw invalid("The query is not valid.", errors);
    }
    parameters.set(name, value);
  }
  return Object.fromEntries(parameters);
}

function splitPair(pair: string): readonly [string, string] {
  const equals = pair.indexOf("=");
  if (equals < 0) return [decodePercent(pair), ""];
  return [decodePercent(pair.slice(0, equals)), decodePercent(pair.slice(equals + 1))];
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalid("The query is not percent-encoded UTF-8.", []);
  }
}

type FieldErrors = ReturnType<typeof fieldErrors>;

function invalid(detail: string, errors: FieldErrors): PlatformError {
  return new PlatformError("INVALID_REQUEST", detail, { errors });
}

function unsupported(detail: string): PlatformError {
  return new PlatformError("UNSUPPORTED_MEDIA_TYPE", detail);
}
