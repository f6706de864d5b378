import type { ZodObject } from "zod";
import type { Catalogue } from "../errors/catalogue.ts";
import { type JsonSchema, SchemaCollector } from "./json-schema.ts";
import { PROBLEM_CONTENT_TYPE, problemType } from "./problem.ts";
import type { Route, RouteAnswer, RouteHeader } from "./route.ts";

export interface OpenApiOptions {
  readonly routes: readonly Route[];
  readonly catalogue: Catalogue;
  readonly version: string;
}

/** A JSON object of the document. */
export type Json = Readonly<Record<string, unknown>>;

/** The headers that every route reads and every answer carries. */
const COMMON_HEADERS: readonly RouteHeader[] = [
  {
    name: "X-Correlation-Id",
    description: "The conversation that the request belongs to, a UUID; made when left out.",
    example: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5f",
  },
  {
    name: "traceparent",
    description: "W3C trace context; begun when left out.",
    example: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  },
];

const ALWAYS = [400, 500];
const WITH_KEY = [401, 403, 429];
const WITH_PARAMETERS = [404];
const WITH_BODY = [408, 409, 413, 415, 422, 503];

/** The OpenAPI 3.1 document of the routes; the same routes always give the same text. */
export function openApiDocument({ routes, catalogue, version }: OpenApiOptions): Json {
  const schemas = new SchemaCollector();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes.toSorted(byPathAndMethod)) {
    const operations = paths[route.path] ?? {};
    operations[route.method.toLowerCase()] = operationOf(route, schemas);
    paths[route.path] = operations;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "CipherHorizon",
      version,
      description: "Commands change aggregates; queries read what projections made of the events.",
    },
    tags: [...new Set(routes.map(({ tag }) => tag))].toSorted().map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...schemas.definitions(), Problem: problemSchema(catalogue) },
      responses: problemResponses(catalogue),
      parameters: Object.fromEntries(
        COMMON_HEADERS.map((header) => [header.name, headerParameter(header)]),
      ),
      securitySchemes: { [KEY_SCHEME]: keyScheme },
    },
  };
}

const KEY_SCHEME = "apiKey";

const keyScheme: Json = {
  type: "http",
  scheme: "bearer",
  description:
    "A key as `cipherhorizon keys create` prints it. A trader's key reads what is public or its " +
    "trader's own, and commands its own. A server without CH_API_KEYS_FILE needs no key and is " +
    "reached by its own machine alone.",
};

/** One alternative per role that the route takes; none where it needs no key. */
function securityOf({ access }: Route): readonly Json[] {
  return access === "anyone" ? [] : access.map((role) => ({ [KEY_SCHEME]: [role] }));
}

function byPathAndMethod(a: Route, b: Route): number {
  return `${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1;
}

function operationOf(route: Route, schemas: SchemaCollector): Json {
  const body = route.body === null ? {} : { requestBody: requestBodyOf(route.body, schemas) };
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    security: securityOf(route),
    parameters: [
      ...parametersOf(route.pathParameters, "path", { schemas, examples: route.pathExample }),
      ...parametersOf(route.query, "query", { schemas, examples: {} }),
      ...route.headers.map(headerParameter),
      ...COMMON_HEADERS.map(({ name }) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...body,
    responses: { ...answersOf(route.answers, schemas), ...problemsOf(route) },
  };
}

interface ParameterParts {
  readonly schemas: SchemaCollector;
  readonly examples: Readonly<Record<string, string>>;
}

function parametersOf(
  schema: ZodObject | null,
  place: "path" | "query",
  { schemas, examples }: ParameterParts,
): readonly Json[] {
  if (schema === null) return [];
  const { properties = {}, required = [] } = schemas.ofInput(schema);
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property;
    const example = examples[name];
    return {
      name,
      in: place,
      required: place === "path" || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
      ...(example === undefined ? {} : { example }),
    };
  });
}

function headerParameter({ name, description, example }: RouteHeader): Json {
  return { name, in: "header", required: false, description, schema: { type: "string" }, example };
}

function requestBodyOf(body: NonNullable<Route["body"]>, schemas: SchemaCollector): Json {
  const schema = schemas.ofInput(body.schema);
  const content = body.contentTypes.map((contentType) => {
    const isLines = contentType === "application/x-ndjson";
    const example = isLines ? exampleLines(body.example) : body.example;
    return [contentType, { schema: isLines ? linesOf(schema) : schema, example }];
  });
  return { required: true, content: Object.fromEntries(content) };
}

/** An array is as many lines as it has members. */
function exampleLines(example: unknown): string {
  const values = Array.isArray(example) ? example : [example];
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

/** OpenAPI 3.1 has no word for lines of JSON: text, each line of which fits the schema. */
function linesOf(schema: JsonSchema): JsonSchema {
  return { type: "string", contentMediaType: "application/x-ndjson", contentSchema: schema };
}

function answersOf(answers: readonly RouteAnswer[], schemas: SchemaCollector): Json {
  const entries = answers.map((answer) => {
    const { status, description, contentType, schema, example } = answer;
    if (schema === null) return [status, { description }];
    const shape = schemas.ofOutput(schema);
    const isLines = contentType === "application/x-ndjson";
    const media = { schema: isLines ? linesOf(shape) : shape };
    const content = { [contentType]: example === undefined ? media : { ...media, example } };
    return [status, { description, content }];
  });
  return Object.fromEntries(entries);
}

function problemsOf(route: Route): Json {
  const has412 = route.headers.some(({ name }) => name === "If-Match") ? [412] : [];
  const statuses = [
    ...ALWAYS,
    ...(route.access === "anyone" ? [] : WITH_KEY),
    ...(route.pathParameters === null ? [] : WITH_PARAMETERS),
    ...(route.body === null ? [] : WITH_BODY),
    ...(route.path.startsWith("/v1/") || route.path === "/readyz" ? [503] : []),
    ...has412,
  ];
  const own = new Set(route.answers.map(({ status }) => status));
  const entries = [...new Set(statuses)]
    .filter((status) => !own.has(status))
    .map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]);
  return Object.fromEntries(entries);
}

/** One response per status of the catalogue, naming the codes it may carry. */
function problemResponses(catalogue: Catalogue): Json {
  const codesByStatus = new Map<number, string[]>();
  for (const [code, { status, meaning }] of Object.entries(catalogue)) {
    const codes = codesByStatus.get(status) ?? [];
    codesByStatus.set(status, [...codes, `- \`${code}\`: ${meaning}`]);
  }
  const entries = [...codesByStatus]
    .toSorted(([a], [b]) => a - b)
    .map(([status, codes]) => [`Problem${status}`, problemResponse(codes)]);
  return Object.fromEntries(entries);
}

function problemResponse(codes: readonly string[]): Json {
  const content = {
    [PROBLEM_CONTENT_TYPE]: { schema: { $ref: "#/components/schemas/Problem" } },
  };
  return { description: codes.join("\n"), content };
}

function problemSchema(catalogue: Catalogue): Json {
  const fieldError = {
    type: "object",
    properties: { pointer: { type: "string" }, detail: { type: "string" } },
    required: ["pointer", "detail"],
  };
  return {
    type: "object",
    description: "RFC 9457. Further members are the figures behind the detail.",
    properties: {
      type: { type: "string", format: "uri", examples: [problemType("NOT_FOUND")] },
      title: { type: "string" },
      status: { type: "integer" },
      detail: { type: "string" },
      instance: { type: "string", format: "uri" },
      code: { type: "string", enum: Object.keys(catalogue).toSorted() },
      retryable: { type: "boolean", description: "The same request may succeed later." },
      errors: {
        type: "array",
        description: "Where the errors stand: JSON pointers into the body, `/query` or `/path`.",
        items: fieldError,
      },
    },
    required: ["type", "title", "status", "detail", "code", "retryable"],
    additionalProperties: true,
  };
}
