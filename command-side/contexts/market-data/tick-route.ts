import type { Response } from "express";
import { z } from "zod";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { encodeConsistencyToken } from "../../../platform/http/consistency-token.ts";
import {
  NDJSON_CONTENT_TYPE,
  parseNdjsonLine,
  readNdjsonText,
} from "../../../platform/http/ndjson.ts";
import type { Route, RouteRequest } from "../../../platform/http/route.ts";
import type { PartitionKey } from "../../../platform/log/log.ts";
import { ticksTotal } from "../../../platform/telemetry/metrics.ts";
import type { CommandGateway } from "../../gateway.ts";
import type { InstrumentDirectory } from "./instrument-directory.ts";
import { TickService } from "./tick-service.ts";
import type { TickCounts, TickFeed } from "./tick-session.ts";

/** Ticks of a JSON array; longer ones are sent as NDJSON. */
export const TICKS_IN_AN_ARRAY = 10_000;

const count = z.int().min(0);

const ticksAnswer = z.object({
  accepted: count,
  duplicates: count,
  beyondHorizon: count,
  rejected: count,
  quarantined: count,
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
});

const EXAMPLE = {
  exchange: "binance",
  symbol: "BTCUSDT",
  price: "61837.63",
  volume: 0.02,
  timestamp: 1_723_161_255_342,
};

export interface TickRouteParts {
  readonly directory: InstrumentDirectory;
  readonly gateway: CommandGateway;
}

/** `POST /v1/market/ticks`: a JSON array, one tick, or an NDJSON stream of ticks. */
export function tickRoute(parts: TickRouteParts): Route {
  return {
    method: "POST",
    path: "/v1/market/ticks",
    operationId: "sendTicks",
    tag: "market-data",
    summary: "Trades of any instruments; every one is told in one of the counts",
    pathParameters: null,
    pathExample: {},
    query: z.strictObject({
      source: z.enum(["live", "backfill", "snapshot"]).default("live"),
      feedSession: z.string().max(100).default(""),
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
    answers: [
      {
        status: 200,
        description: "The counts add up to the ticks sent; the first errors are listed",
        contentType: "application/json",
        schema: ticksAnswer,
      },
    ],
    handle: (request, response) => record(request, response, parts),
  };
}

async function record(
  request: RouteRequest,
  response: Response,
  { directory, gateway }: TickRouteParts,
): Promise<void> {
  const { actor, correlationId, traceparent } = request.identity;
  const service = new TickService({
    directory,
    submit: (command) => {
      return gateway.submit({
        ...command,
        expectedVersion: null,
        actor,
        correlationId,
        causationId: null,
        causationPosition: null,
        traceparent,
      });
    },
  });
  const feed = request.query as unknown as TickFeed;
  const { counts, logId, positions } = await service.record(ticksOf(request), feed);
  measure(counts);
  if (logId !== null) {
    const vector = positions as ReadonlyMap<PartitionKey, number>;
    response.set("Consistency-Token", encodeConsistencyToken({ logId, positions: vector }));
  }
  response.json(counts);
}

function ticksOf({ body, raw }: RouteRequest): AsyncIterable<unknown> | Iterable<unknown> {
  if (body === undefined) return linesOf(raw);
  return Array.isArray(body) ? body : [body];
}

/** A line that is no JSON goes on as its text, and is rejected with its place like any other. */
async function* linesOf(raw: RouteRequest["raw"]): AsyncGenerator<unknown> {
  for await (const line of readNdjsonText(raw)) {
    try {
      yield parseNdjsonLine(line);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      yield line.text;
    }
  }
}

function measure(counts: TickCounts): void {
  ticksTotal.inc({ outcome: "accepted" }, counts.accepted);
  ticksTotal.inc({ outcome: "duplicate" }, counts.duplicates);
  ticksTotal.inc({ outcome: "beyond_horizon" }, counts.beyondHorizon);
  ticksTotal.inc({ outcome: "rejected" }, counts.rejected);
  ticksTotal.inc({ outcome: "quarantined" }, counts.quarantined);
}
