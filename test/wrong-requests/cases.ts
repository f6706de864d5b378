import type { Route } from "../../platform/http/route.ts";

/** A request that must be refused, and the answer it must get. */
export interface WrongRequest {
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

const JSON_TYPE = { "Content-Type": "application/json" };
const OVER_THE_LIMIT = 1024 * 1024 + 1;
const LONG_ID = "x".repeat(300);

/** Every wrong request that follows from what the route table says of the route. */
export function wrongRequests(route: Route): readonly WrongRequest[] {
  const base = { method: route.method, path: pathOf(route), headers: {}, body: null };
  return [
    ...wrongMethods(route, base),
    ...wrongPaths(route, base),
    ...wrongQueries(route, base),
    ...(route.body?.contentTypes.includes("application/json") ? wrongBodies(route, base) : []),
    ...(route.body?.contentTypes.includes("application/x-ndjson") ? wrongStreams(base) : []),
    ...(route.body === null && route.method === "GET" ? [bodyOfGet(base)] : []),
    ...wrongHeaders(route, base),
  ];
}

type Base = Pick<WrongRequest, "method" | "path" | "headers" | "body">;

function wrongMethods(route: Route, base: Base): WrongRequest[] {
  const code = "METHOD_NOT_ALLOWED";
  const others = route.method === "GET" ? ["PUT", "POST"] : ["PUT", "GET"];
  return others.map((method) => {
    return { ...base, name: `method ${method}`, method, status: 405, code };
  });
}

function wrongPaths(route: Route, base: Base): WrongRequest[] {
  const refused = { ...base, status: 400, code: "INVALID_REQUEST" };
  const parameters = Object.keys(route.pathExample);
  return parameters.flatMap((parameter) => [
    { ...refused, name: `${parameter} not UTF-8`, path: pathOf(route, { [parameter]: "%ff%fe" }) },
    { ...refused, name: `${parameter} too long`, path: pathOf(route, { [parameter]: LONG_ID }) },
    { ...refused, name: `${parameter} with a NUL`, path: pathOf(route, { [parameter]: "a%00b" }) },
    {
      ...refused,
      name: `${parameter} like an injection`,
      path: pathOf(route, { [parameter]: "x'%20OR%201=1--" }),
    },
  ]);
}

function wrongQueries(route: Route, base: Base): WrongRequest[] {
  const refused = { ...base, status: 400, code: "INVALID_REQUEST" };
  const good = exampleQuery(route);
  const withQuery = (query: string) => `${pathOf(route)}?${query}`;
  const wrong = Object.keys(route.query?.shape ?? {}).map((name) => ({
    ...refused,
    name: `query ${name} is nonsense`,
    path: withQuery(queryText({ ...good, [name]: "\u0001'; --" })),
  }));
  return [
    {
      ...refused,
      name: "unknown query parameter",
      path: withQuery(queryText({ ...good, noSuchParameter: "1" })),
    },
    { ...refused, name: "query not UTF-8", path: withQuery("%ff=%fe") },
    { ...refused, name: "query parameter twice", path: withQuery("a=1&a=2") },
    ...wrong.filter((one) => !one.name.includes("query cursor")),
  ];
}

function wrongBodies(route: Route, base: Base): WrongRequest[] {
  const example = route.body?.example;
  const text = JSON.stringify(example);
  const json = { ...base, headers: JSON_TYPE };
  const malformed = { ...json, status: 400, code: "MALFORMED_JSON" };
  const invalid = { ...json, status: 400, code: "INVALID_REQUEST" };
  const general: WrongRequest[] = [
    { ...malformed, name: "no body", body: "" },
    { ...malformed, name: "cut-off JSON", body: text.slice(0, -1) },
    { ...malformed, name: "not UTF-8", body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]) },
    { ...invalid, name: "null", body: "null" },
    { ...invalid, name: "a number", body: "7" },
    { ...malformed, name: "connection cut", body: text, cutOff: true },
    {
      ...json,
      name: "too large",
      body: `{"a":"${"x".repeat(OVER_THE_LIMIT)}"}`,
      status: 413,
      code: "BODY_TOO_LARGE",
    },
    {
      ...json,
      name: "another content type",
      headers: { "Content-Type": "text/xml" },
      body: text,
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
    },
    {
      ...json,
      name: "a compressed body",
      headers: { ...JSON_TYPE, "Content-Encoding": "gzip" },
      body: text,
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
    },
  ];
  if (Array.isArray(example) || typeof example !== "object" || example === null) return general;
  return [...general, ...wrongFields(example as Record<string, unknown>, invalid)];
}

function wrongFields(
  example: Record<string, unknown>,
  invalid: Omit<WrongRequest, "name">,
): WrongRequest[] {
  const fields = Object.entries(example).flatMap(([name, value]) => {
    const wrongValues: readonly [string, string][] = [
      ["of another type", typeof value === "object" && value !== null ? "5" : '{"nested":[]}'],
      ["an overflowing number", "1e999"],
      ["a number of a thousand digits", `1${"0".repeat(1_000)}`],
    ];
    return wrongValues.map(([what, source]) => {
      const rest = Object.entries(example).filter(([other]) => other !== name);
      const members = rest.map(([other, kept]) => `"${other}":${JSON.stringify(kept)}`);
      const body = `{${[...members, `"${name}":${source}`].join(",")}}`;
      return { ...invalid, name: `${name} ${what}`, body };
    });
  });
  const unknown = { ...example, noSuchField: 1 };
  return [
    ...fields,
    { ...invalid, name: "an unknown field", body: JSON.stringify(unknown) },
    { ...invalid, name: "no field at all", body: JSON.stringify({ noSuchField: 1 }) },
  ];
}

function wrongStreams(base: Base): WrongRequest[] {
  const headers = { "Content-Type": "application/x-ndjson" };
  const line = `{"a":"${"x".repeat(70_000)}"}\n`;
  return [
    {
      ...base,
      name: "another content type",
      headers: { "Content-Type": "text/csv" },
      body: "a,b\n",
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
    },
    {
      ...base,
      name: "a line too long",
      headers,
      body: line,
      status: 413,
      code: "BODY_TOO_LARGE",
    },
    {
      ...base,
      name: "a stream that is not UTF-8",
      headers,
      body: new Uint8Array([0xff, 0xfe, 0x0a]),
      status: 400,
      code: "MALFORMED_JSON",
    },
  ];
}

function bodyOfGet(base: Base): WrongRequest {
  const body = '{"a":1}';
  const headers = JSON_TYPE;
  return { ...base, name: "a body", headers, body, status: 400, code: "INVALID_REQUEST" };
}

function wrongHeaders(route: Route, base: Base): WrongRequest[] {
  const body = route.body === null ? null : JSON.stringify(route.body.example);
  const type = route.body === null ? {} : { "Content-Type": route.body.contentTypes[0] as string };
  const wrong: readonly [string, string, string][] = [
    ["Idempotency-Key", "not-a-uuid", "INVALID_HEADER"],
    ["If-Match", "7", "INVALID_HEADER"],
    ["If-Match", '"99999999999999999999"', "INVALID_HEADER"],
    ["Consistency-Token", "%%%", "INVALID_TOKEN"],
    ["Last-Event-ID", "nonsense", "INVALID_TOKEN"],
  ];
  const named = wrong.filter(([name]) => route.headers.some((header) => header.name === name));
  const query = queryText(exampleQuery(route));
  return [...named, ["X-Correlation-Id", "no uuid", "INVALID_HEADER"] as const].map(
    ([name, value, code]) => ({
      ...base,
      path: query === "" ? base.path : `${base.path}?${query}`,
      name: `${name}: ${value}`,
      headers: { ...type, [name]: value },
      body,
      status: 400,
      code,
    }),
  );
}

/** Values for the query parameters that a route needs at least. */
const NEEDED: Readonly<Record<string, string>> = {
  topic: "portfolio.events",
  interval: "1m",
  from: "2024-01-01T00:00:00Z",
  to: "2024-01-01T01:00:00Z",
};

function exampleQuery(route: Route): Record<string, string> {
  const needed = Object.entries(route.query?.shape ?? {}).filter(([, field]) => {
    return !(field as { safeParse(value: unknown): { success: boolean } }).safeParse(undefined)
      .success;
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
