import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { withAnyKey } from "../access/roles.ts";
import { platformErrors } from "../errors/catalogue.ts";
import { decimalField, idField, timeField } from "../fields/fields.ts";
import { decimalText } from "../kernel/decimal.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createApp } from "./app.ts";
import { documentRoutes } from "./docs.ts";
import { type Door, OPEN_DOOR } from "./door.ts";
import { healthRoutes, type ReadinessCheck } from "./health.ts";
import { parseNdjsonLine, readNdjsonText, writeNdjson } from "./ndjson.ts";
import { RefusalError } from "./problem.ts";
import type { Route, RouteRequest } from "./route.ts";
import { listen, type RunningServer } from "./server.ts";

/** A small API with one route of each kind, for the tests of this folder. */

const TEST_BODY_LIMITS = { maximumBytes: 100_000, timeoutMs: 300 };

const NO_PARTS = { pathParameters: null, pathExample: {}, query: null, body: null, headers: [] };

export function testRoute(part: Partial<Route>): Route {
  return {
    method: "GET",
    path: "/v1/things",
    operationId: "listThings",
    tag: "things",
    summary: "Things",
    access: withAnyKey,
    ...NO_PARTS,
    answers: [],
    handle: async (_request, response) => {
      response.json({ things: [] });
    },
    ...part,
  };
}

const payload = z.strictObject({
  price: decimalField(),
  at: timeField(),
  note: z.string().max(20).optional(),
  lots: z.array(z.strictObject({ quantity: decimalField() })).optional(),
  count: z.int().max(1_000_000).optional(),
});

const price: Route = testRoute({
  method: "POST",
  path: "/v1/things/{id}/price",
  operationId: "price",
  pathParameters: z.strictObject({ id: idField() }),
  pathExample: { id: "t-1" },
  body: {
    contentTypes: ["application/json"],
    schema: payload,
    example: { price: "1.5", at: "2026-01-01T00:00:00Z" },
  },
  answers: [
    {
      status: 200,
      description: "Priced",
      contentType: "application/json",
      schema: z.object({ price: z.string() }),
    },
  ],
  handle: async ({ path, body, identity }, response) => {
    const data = body as z.infer<typeof payload>;
    response.json({ id: path["id"], price: decimalText(data.price), at: data.at, identity });
  },
});

const lines: Route = testRoute({
  method: "POST",
  path: "/v1/lines",
  operationId: "lines",
  body: { contentTypes: ["application/x-ndjson"], schema: z.unknown(), example: { a: 1 } },
  handle: (request, response) => writeNdjson(response, echo(request)),
});

async function* echo({ raw }: RouteRequest): AsyncGenerator<unknown> {
  for await (const line of readNdjsonText(raw, { maximumLineBytes: 1_000, idleTimeoutMs: 300 })) {
    yield { value: parseNdjsonLine(line), lineNumber: line.lineNumber };
  }
}

function failing(path: string, error: () => unknown): Route {
  return testRoute({
    path,
    operationId: path,
    handle: async () => {
      throw error();
    },
  });
}

export const testRoutes: readonly Route[] = [
  testRoute({ query: z.strictObject({ limit: z.string().optional() }) }),
  testRoute({
    path: "/v1/things/{id}",
    operationId: "thing",
    pathParameters: z.strictObject({ id: idField() }),
    pathExample: { id: "t-1" },
  }),
  testRoute({ method: "POST", path: "/v1/things/import", operationId: "importThings" }),
  price,
  lines,
  failing("/v1/refused", () => {
    const facts = { required: "5", available: "3" };
    return new RefusalError({ code: "TOO_POOR", detail: "5 is needed, 3 is there.", facts });
  }),
  failing("/v1/broken", () => new TypeError("the secret of the house")),
  failing("/v1/nothing", () => undefined),
];

export interface TestServer extends RunningServer {
  readonly port: number;
  /** Sends the text as it stands and gives all that comes back until the end, or for a while. */
  raw(...parts: readonly (string | Buffer | number)[]): Promise<string>;
}

export async function startTestServer(
  checks: readonly ReadinessCheck[] = [],
  sink = { write: (_line: string) => {} },
  door: Door = OPEN_DOOR,
): Promise<TestServer> {
  const catalogue = {
    ...platformErrors,
    TOO_POOR: { status: 422, title: "Too poor", meaning: "", retryable: false, exitCode: 6 },
  };
  const health = healthRoutes({ checks, notes: [], updateMetrics: () => {} });
  const routes = [...testRoutes, ...health];
  const app = createApp({
    routes: [...routes, ...documentRoutes({ routes, catalogue, version: "1.2.3" })],
    catalogue,
    door,
    logger: createLogger("debug", sink),
    bodyLimits: TEST_BODY_LIMITS,
  });
  const server = await listen(app, { host: "127.0.0.1", port: 0, door });
  const port = Number(new URL(server.url).port);
  return { ...server, port, raw: (...parts) => rawExchange(port, parts) };
}

/** A number among the parts is a pause in milliseconds, "FIN" half-closes, and after "DEAF" the
 *  answer is read only when everything is sent. */
async function rawExchange(
  port: number,
  parts: readonly (string | Buffer | number)[],
): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";
  const ended = new Promise<void>((resolve) => {
    socket.on("end", resolve).on("close", resolve).on("error", resolve);
  });
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  for (const part of parts) {
    if (typeof part === "number") await sleep(part);
    else if (part === "FIN") socket.end();
    else if (part === "DEAF") socket.pause();
    else if (socket.writable) socket.write(part);
  }
  socket.resume();
  await Promise.race([ended, sleep(800)]);
  socket.destroy();
  return received;
}
