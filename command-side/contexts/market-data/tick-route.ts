import { z } from "zod";
import { operators } from "../../../platform/access/roles.ts";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import {
  linesOfRequest,
  NDJSON_CONTENT_TYPE,
  parseNdjsonLine,
} from "../../../platform/http/ndjson.ts";
import type { Route, RouteRequest } from "../../../platform/http/route.ts";
import { feedSessionField } from "./instrument/commands.ts";
import { recordAndAnswer, type TickParts, ticksAnswers } from "./tick-answer.ts";
import type { TickFeed } from "./tick-session.ts";

/** Ticks of a JSON array; longer ones are sent as NDJSON. */
const TICKS_IN_AN_ARRAY = 10_000;

const EXAMPLE = {
  exchange: "binance",
  symbol: "BTCUSDT",
  price: "61837.63",
  volume: 0.02,
  timestamp: 1_723_161_255_342,
};

/** `POST /v1/market/ticks`: a JSON array, one tick, or an NDJSON stream of ticks. */
export function tickRoute(parts: TickParts): Route {
  return {
    method: "POST",
    path: "/v1/market/ticks",
    operationId: "sendTicks",
    tag: "market-data",
    summary: "Trades of any instruments; every one is told in one of the counts",
    access: operators,
    pathParameters: null,
    pathExample: {},
    query: z.strictObject({
      source: z.enum(["live", "backfill", "snapshot"]).default("live"),
      feedSession: feedSessionField(),
    }),
    body: {
      contentTypes: ["application/json", NDJSON_CONTENT_TYPE],
      // Each tick is judged by itself: a bad one is rejected and harms no other.
      schema: z.union([
        z.array(z.unknown()).max(TICKS_IN_AN_ARRAY),
        z.record(z.string(), z.unknown()),
      ]),
      example: [EXAMPLE],
    },
    headers: [],
    answers: ticksAnswers,
    handle: (request, response) => {
      const feed = request.query as unknown as TickFeed;
      return recordAndAnswer({ request, response, ticks: ticksOf(request), feed }, parts);
    },
  };
}

function ticksOf(request: RouteRequest): AsyncIterable<unknown> | Iterable<unknown> {
  const { body } = request;
  if (body === undefined) return linesOf(request);
  return Array.isArray(body) ? body : [body];
}

/** A line that is no JSON goes on as its text, and is rejected with its place like any other. */
async function* linesOf(request: RouteRequest): AsyncGenerator<unknown> {
  for await (const line of linesOfRequest(request)) {
    try {
      yield parseNdjsonLine(line);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      yield line.text;
    }
  }
}
