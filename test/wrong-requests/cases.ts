import type { Route } from "../../platform/http/route.ts";
import { ranges } from "./ranges.ts";
import type { WrongRange } from "./values.ts";

/** In what way a request is wrong; every route must be shown at least three. */
export type Kind =
  | "method"
  | "type"
  | "range"
  | "number"
  | "unknown field"
  | "encoding"
  | "size"
  | "cut off"
  | "version"
  | "header"
  | "state";

/** A request that must be refused, and the answer it must get. */
export interface WrongRequest {
  readonly kind: Kind;
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  /** The connection breaks off in the middle of the body. */
  readonly cutOff?: true;
  readonly status: number;
  readonly code: string;
}

/** What the test has done before: what a wrong version or a command id used before goes by. */
export interface Prepared {
  /** A token of a log that is not the platform's. */
  readonly foreignToken: string;
  /** By collection: the id of a command that its example aggregate has taken. */
  readonly usedCommandIds: Readonly<Record<string, string>>;
}

const JSON_TYPE = { "Content-Type": "application/json" };
const NDJSON_TYPE = { "Content-Type": "application/x-ndjson" };
const OVER_THE_LIMIT = 1024 * 1024 + 1;
const OVER_THE_LINE_LIMIT = 64 * 1024 + 1;
const LONG_ID = "x".repeat(300);
const DEEPER_THAN_READ = 65;
const INVALID = { status: 400, code: "INVALID_REQUEST" };
const MALFORMED = { status: 400, code: "MALFORMED_JSON" };
const UNSUPPORTED = { status: 415, code: "UNSUPPORTED_MEDIA_TYPE" };

/** Every wrong request that follows from what the route table and the table of ranges say. */
export function wrongRequests(route: Route, prepared: Prepared): readonly WrongRequest[] {
  return [
    ...wrongMethods(route),
    ...wrongPaths(route),
    ...wrongQueries(route),
    ...(route.body?.contentTypes.includes("application/json") ? wrongBodies(route) : []),
    ...(route.body?.contentTypes.includes("application/x-ndjson") ? wrongStreams(route) : []),
    ...(route.body === null ? [unwantedBody(route)] : []),
    ...wrongHeaders(route, prepared),
    ...wrongStates(route, prepared),
    ...(ranges[route.operationId] ?? []).map((range) => wrongRange(route, range)),
  ];
}

/** The request as it would be right, to be changed into a wrong one. */
function rightRequest(route: Route) {
  const query = queryText(neededQuery(route));
  const isJson = route.body?.contentTypes.includes("application/json");
  return {
    method: route.method,
    path: query === "" ? pathOf(route) : `${pathOf(route)}?${query}`,
    headers: route.body === null ? {} : isJson ? JSON_TYPE : NDJSON_TYPE,
    body: route.body === null ? null : JSON.stringify(route.body.example),
  };
}

function wrongMethods(route: Route): WrongRequest[] {
  const answer = { status: 405, code: "METHOD_NOT_ALLOWED" };
  return ["PUT", "PATCH"].map((method) => {
    const right = rightRequest(route);
    return { ...right, ...answer, kind: "method", name: `method ${method}`, method };
  });
}

function wrongPaths(route: Route): WrongRequest[] {
  return Object.keys(route.pathExample).flatMap((parameter) => {
    const wrong = (kind: Kind, what: string, text: string): WrongRequest => ({
      ...rightRequest(route),
      ...INVALID,
      kind,
      name: `${parameter} ${what}`,
      path: pathOf(route, { [parameter]: text }),
    });
    return [
      wrong("encoding", "not UTF-8", "%ff%fe"),
      wrong("encoding", "with half an escape", "%4"),
      wrong("encoding", "with a NUL", "a%00b"),
      wrong("size", "too long", LONG_ID),
      wrong("type", "like an injection", "x'%20OR%201=1--"),
      wrong("type", "that climbs", "..%2f..%2fetc%2fpasswd"),
    ];
  });
}

function wrongQueries(route: Route): WrongRequest[] {
  const needed = neededQuery(route);
  const wrong = (kind: Kind, name: string, query: string): WrongRequest => {
    return { ...rightRequest(route), ...INVALID, kind, name, path: `${pathOf(route)}?${query}` };
  };
  const names = Object.keys(route.query?.shape ?? {}).filter((name) => name !== "cursor");
  return [
    wrong("unknown field", "query unknown", queryText({ ...needed, noSuchParameter: "1" })),
    wrong("encoding", "query not UTF-8", "%ff=%fe"),
    wrong("unknown field", "query parameter twice", "a=1&a=2"),
    wrong("size", "query of a hundred parameters", "a=1&".repeat(100)),
    ...names.flatMap((name) => [
      wrong("type", `query ${name} nonsense`, queryText({ ...needed, [name]: "\u0001'; --" })),
      wrong("size", `query ${name} too long`, queryText({ ...needed, [name]: LONG_ID })),
    ]),
    ...Object.keys(needed).map((name) => {
      const rest = Object.entries(needed).filter(([other]) => other !== name);
      return wrong("unknown field", `query ${name} missing`, queryText(Object.fromEntries(rest)));
    }),
  ];
}

function wrongBodies(route: Route): WrongRequest[] {
  const right = rightRequest(route);
  const text = right.body ?? "";
  const deep = "[".repeat(DEEPER_THAN_READ) + "]".repeat(DEEPER_THAN_READ);
  const large = `{"a":"${"x".repeat(OVER_THE_LIMIT)}"}`;
  const tooLarge = { status: 413, code: "BODY_TOO_LARGE" };
  const gzip = { ...JSON_TYPE, "Content-Encoding": "gzip" };
  const latin = { "Content-Type": "application/json; charset=latin1" };
  const xml = { "Content-Type": "text/xml" };
  const notUtf8 = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]);
  const general: WrongRequest[] = [
    { ...right, ...MALFORMED, kind: "cut off", name: "no body", body: "" },
    { ...right, ...MALFORMED, kind: "cut off", name: "cut-off JSON", body: text.slice(0, -1) },
    { ...right, ...INVALID, kind: "cut off", name: "connection cut", cutOff: true },
    { ...right, ...MALFORMED, kind: "type", name: "two values", body: `${text} ${text}` },
    { ...right, ...MALFORMED, kind: "encoding", name: "not UTF-8", body: notUtf8 },
    { ...right, ...MALFORMED, kind: "size", name: "too deep", body: deep },
    { ...right, ...tooLarge, kind: "size", name: "too large", body: large },
    { ...right, ...INVALID, kind: "type", name: "null", body: "null" },
    { ...right, ...INVALID, kind: "type", name: "a number", body: "7" },
    { ...right, ...INVALID, kind: "number", name: "a huge number", body: "1e999999999" },
    { ...right, ...UNSUPPORTED, kind: "encoding", name: "another content type", headers: xml },
    { ...right, ...UNSUPPORTED, kind: "encoding", name: "no content type", headers: {} },
    { ...right, ...UNSUPPORTED, kind: "encoding", name: "compressed", headers: gzip },
    { ...right, ...UNSUPPORTED, kind: "encoding", name: "another charset", headers: latin },
  ];
  const example = fieldsOf(route);
  return example === null ? general : [...general, ...wrongFields(route, example)];
}

function wrongFields(route: Route, example: Readonly<Record<string, unknown>>): WrongRequest[] {
  const right = rightRequest(route);
  const wrong = (kind: Kind, name: string, body: string): WrongRequest => {
    return { ...right, ...INVALID, kind, name, body };
  };
  const fields = Object.entries(example).flatMap(([name, value]) => {
    const another = typeof value === "object" && value !== null ? "5" : '{"nested":[]}';
    const wrongBoolean = typeof value === "boolean" ? '"true"' : "true";
    const body = (source: string) => bodyWith(example, { [name]: source });
    return [
      wrong("type", `${name} of another type`, body(another)),
      wrong("type", `${name} ${wrongBoolean}`, body(wrongBoolean)),
      wrong("number", `${name} an overflowing number`, body("1e999")),
      wrong("number", `${name} a number below all doubles`, body("1e-999")),
      wrong("number", `${name} a number of a thousand digits`, body(`1${"0".repeat(1_000)}`)),
      wrong("size", `${name} of a hundred thousand characters`, body(`"${"x".repeat(100_000)}"`)),
    ];
  });
  return [
    ...fields,
    wrong("unknown field", "an unknown field", bodyWith(example, { noSuchField: "1" })),
    wrong("unknown field", "__proto__", bodyWith(example, { ["__proto__"]: '{"a":1}' })),
    wrong("unknown field", "constructor", bodyWith(example, { constructor: '{"a":1}' })),
    wrong("unknown field", "no known field", '{"noSuchField":1}'),
    wrong("type", "an array", `[${JSON.stringify(example)}]`),
  ];
}

/** Lines that are no good are answered one by one (see the test); here the stream is none. */
function wrongStreams(route: Route): WrongRequest[] {
  const right = { ...rightRequest(route), headers: NDJSON_TYPE };
  const line = `{"a":"${"x".repeat(OVER_THE_LINE_LIMIT)}"}\n`;
  const notUtf8 = new Uint8Array([0xff, 0xfe, 0x0a]);
  const tooLarge = { status: 413, code: "BODY_TOO_LARGE" };
  const gzip = { ...NDJSON_TYPE, "Content-Encoding": "gzip" };
  const csv = { "Content-Type": "text/csv" };
  return [
    { ...right, ...UNSUPPORTED, kind: "encoding", name: "lines of CSV", headers: csv },
    { ...right, ...UNSUPPORTED, kind: "encoding", name: "compressed lines", headers: gzip },
    { ...right, ...tooLarge, kind: "size", name: "a line too long", body: line },
    { ...right, ...tooLarge, kind: "size", name: "a line without an end", body: line.trim() },
    { ...right, ...MALFORMED, kind: "encoding", name: "a line not UTF-8", body: notUtf8 },
    { ...right, ...INVALID, kind: "cut off", name: "stream cut", cutOff: true },
  ];
}

function unwantedBody(route: Route): WrongRequest {
  const unwanted = { headers: JSON_TYPE, body: '{"a":1}' };
  return { ...rightRequest(route), ...INVALID, ...unwanted, kind: "unknown field", name: "a body" };
}

const WRONG_HEADERS: readonly (readonly [string, string, string])[] = [
  ["Idempotency-Key", "not-a-uuid", "INVALID_HEADER"],
  ["Idempotency-Key", "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5", "INVALID_HEADER"],
  ["If-Match", "7", "INVALID_HEADER"],
  ["If-Match", "*", "INVALID_HEADER"],
  ["If-Match", '"-1"', "INVALID_HEADER"],
  ["If-Match", '"1e3"', "INVALID_HEADER"],
  ["If-Match", '"99999999999999999999"', "INVALID_HEADER"],
  ["Consistency-Token", "%%%", "INVALID_TOKEN"],
  ["Consistency-Token", "x".repeat(9_000), "INVALID_TOKEN"],
  ["Last-Event-ID", "nonsense", "INVALID_TOKEN"],
];

function wrongHeaders(route: Route, { foreignToken }: Prepared): WrongRequest[] {
  const right = rightRequest(route);
  const has = (name: string) => route.headers.some((header) => header.name === name);
  const wrong = WRONG_HEADERS.filter(([name]) => has(name)).map(
    ([name, value, code]): WrongRequest => ({
      ...right,
      kind: "header",
      name: `${name}: ${value.slice(0, 40)}`,
      headers: { ...right.headers, [name]: value },
      status: 400,
      code,
    }),
  );
  const refused = { ...right, kind: "header", status: 400, code: "INVALID_HEADER" } as const;
  const add = (more: Readonly<Record<string, string>>) => ({ ...right.headers, ...more });
  const foreign = ["Consistency-Token", "Last-Event-ID"].filter(has).map(
    (name): WrongRequest => ({
      ...refused,
      name: `${name} of another log`,
      headers: add({ [name]: foreignToken }),
      status: 409,
      code: "LOG_MISMATCH",
    }),
  );
  return [
    ...wrong,
    ...foreign,
    { ...refused, name: "a correlation id", headers: add({ "X-Correlation-Id": "no uuid" }) },
    { ...refused, name: "a foreign host", headers: add({ Host: "rebound.example" }) },
    {
      ...refused,
      name: "a header of 20,000 characters",
      headers: add({ "X-Long": "x".repeat(20_000) }),
      status: 431,
      code: "HEADERS_TOO_LARGE",
    },
  ];
}

/** Commands on an aggregate that is there: of another version, under an id used before. */
function wrongStates(route: Route, { usedCommandIds }: Prepared): WrongRequest[] {
  if (!route.headers.some(({ name }) => name === "If-Match")) return [];
  const right = rightRequest(route);
  const used = usedCommandIds[collectionOf(route)] ?? "";
  const conflict = { status: 412, code: "VERSION_CONFLICT" };
  const add = (more: Readonly<Record<string, string>>) => ({ ...right.headers, ...more });
  const both = { "If-Match": '"1"', "If-None-Match": "*" };
  const wrong = (name: string, headers: Readonly<Record<string, string>>) => {
    return { ...right, kind: "version", name, headers: add(headers) } as const;
  };
  return [
    { ...wrong("a version not reached", { "If-Match": '"999999"' }), ...conflict },
    { ...wrong("a version long past", { "If-Match": '"0"' }), ...conflict },
    { ...wrong("it must not exist, but does", { "If-None-Match": "*" }), ...conflict },
    { ...wrong("both conditions", both), status: 400, code: "INVALID_HEADER" },
    {
      ...wrong("a command id used before", { "Idempotency-Key": used }),
      status: 422,
      code: "COMMAND_ID_REUSED",
    },
  ];
}

function wrongRange(route: Route, range: WrongRange): WrongRequest {
  const right = rightRequest(route);
  const { name, kind = "range", fields, query, path, status = 400 } = range;
  const queried = queryText({ ...neededQuery(route), ...query });
  const place = pathOf(route, path);
  const example = fieldsOf(route);
  const wrongBody = fields && example ? bodyWith(example, fields) : right.body;
  return {
    ...right,
    kind,
    name,
    path: queried === "" ? place : `${place}?${queried}`,
    body: range.body ?? wrongBody,
    status,
    code: range.code ?? "INVALID_REQUEST",
  };
}

/** The example with some fields in other words; JSON's own text, so that any digits can stand. */
function bodyWith(
  example: Readonly<Record<string, unknown>>,
  sources: Readonly<Record<string, string>>,
): string {
  const kept = Object.entries(example).filter(([name]) => !Object.hasOwn(sources, name));
  const members = [
    ...kept.map(([name, value]) => `"${name}":${JSON.stringify(value)}`),
    ...Object.entries(sources).map(([name, source]) => `"${name}":${source}`),
  ];
  return `{${members.join(",")}}`;
}

function fieldsOf({ body }: Route): Readonly<Record<string, unknown>> | null {
  const example: unknown = body?.example;
  if (typeof example !== "object" || example === null || Array.isArray(example)) return null;
  return { ...example };
}

function collectionOf(route: Route): string {
  return route.path.split("/")[2] ?? "";
}

/** Values for the query parameters that a route needs at least. */
const NEEDED: Readonly<Record<string, string>> = {
  topic: "portfolio.events",
  interval: "1m",
  from: "2024-01-01T00:00:00Z",
  to: "2024-01-01T01:00:00Z",
  fromVersion: "1",
  toVersion: "1",
  key: '["p-1"]',
};

function neededQuery(route: Route): Record<string, string> {
  const needed = Object.entries(route.query?.shape ?? {}).filter(([, field]) => {
    return !field.safeParse(undefined).success;
  });
  return Object.fromEntries(
    needed.map(([name]) => {
      const value = NEEDED[name];
      if (value === undefined) throw new Error(`${route.path}: no example for ?${name}=`);
      return [name, value];
    }),
  );
}

function queryText(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
}

/** The path with its example parameters, some of them replaced by text already encoded. */
function pathOf(route: Route, replaced: Readonly<Record<string, string>> = {}): string {
  return route.path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    return replaced[name] ?? encodeURIComponent(route.pathExample[name] ?? "");
  });
}
