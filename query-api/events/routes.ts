import type { Response } from "express";
import { z } from "zod";
import type { EventCodec } from "../../platform/codec/codec.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField, integerTextField } from "../../platform/fields/fields.ts";
import {
  encodeConsistencyToken,
  parseConsistencyToken,
} from "../../platform/http/consistency-token.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import { partitionOf } from "../../platform/kernel/hash.ts";
import { type LogReader, type PartitionKey, partitionKey } from "../../platform/log/log.ts";
import { streamSubscribers } from "../../platform/telemetry/metrics.ts";
import { eventJson } from "../stream/event-json.ts";
import { type Followed, followLog } from "../stream/log-follower.ts";
import { readEvents } from "../stream/read-events.ts";
import { type ServerSentEvent, sendServerSentEvents } from "../stream/server-sent-events.ts";

const PAGE_EVENTS = 100;
const LONGEST_PAGE_EVENTS = 500;
/** Live streams that one process serves at a time. */
const STREAMS = 200;

export interface EventsParts {
  readonly log: LogReader;
  readonly codec: Pick<EventCodec, "prepare" | "decode">;
  /** Ends every stream: the process is shutting down. */
  readonly signal: AbortSignal;
}

const topicField = z.string().regex(/^[a-z][a-z.]{0,63}$/, { error: "must be a topic's name" });
const typeField = z.string().regex(/^[A-Z][A-Za-z]{0,63}$/, { error: "must be an event type" });

const filterParameters = {
  topic: topicField,
  aggregateId: idField().optional(),
  type: typeField.optional(),
};

/** Events of a topic: as pages, live, and the decided candles of one instrument live. */
export function eventRoutes(parts: EventsParts): readonly Route[] {
  const streams = new StreamCount();
  return [listRoute(parts), streamRoute(parts, streams), candleStreamRoute(parts, streams)];
}

function listRoute(parts: EventsParts): Route {
  return {
    method: "GET",
    path: "/v1/events",
    operationId: "listEvents",
    tag: "events",
    summary: "Events of a topic in the order of their writing",
    pathParameters: null,
    pathExample: {},
    query: z.strictObject({
      ...filterParameters,
      cursor: z.string().max(2_000).optional(),
      limit: integerTextField({ minimum: 1, maximum: LONGEST_PAGE_EVENTS }).optional(),
    }),
    body: null,
    headers: [],
    answers: [
      {
        status: 200,
        description: "A page of events; `nextCursor` is there while more may follow",
        contentType: "application/json",
        schema: z.object({
          data: z.array(z.record(z.string(), z.unknown())),
          nextCursor: z.string().optional(),
        }),
      },
    ],
    handle: async (request, response) => {
      const from = await startOf(request, textOf(request.query["cursor"]), { parts, at: "start" });
      const page = await readEvents(from, filterOf(request), parts);
      const cursor = encodeConsistencyToken({
        logId: await parts.log.logId(),
        positions: page.positions,
      });
      response.json({
        data: page.events.map(eventJson),
        ...(page.atEnd ? {} : { nextCursor: cursor }),
      });
    },
  };
}

const streamAnswers = [
  {
    status: 200,
    description: "Server-sent events; `id` is what `Last-Event-ID` resumes from",
    contentType: "text/event-stream",
    schema: null,
  },
];

const lastEventId = {
  name: "Last-Event-ID",
  description: "The id of the last event seen: the stream goes on after it, with nothing missing.",
  example: "MDE4ZjZmN2UubWFya2V0LmV2ZW50czowOjEy",
};

const fromParameter = { from: z.enum(["start", "end"]).optional() };

function streamRoute(parts: EventsParts, streams: StreamCount): Route {
  return {
    method: "GET",
    path: "/v1/stream/events",
    operationId: "streamEvents",
    tag: "events",
    summary: "Events of a topic as they are appended",
    pathParameters: null,
    pathExample: {},
    query: z.strictObject({ ...filterParameters, ...fromParameter }),
    body: null,
    headers: [lastEventId],
    answers: streamAnswers,
    handle: async (request, response) => {
      const { aggregateId, type } = filterOf(request);
      const source = await follow(request, response, { parts });
      await streams.during(() =>
        sendServerSentEvents(
          response,
          asEvents(source, ({ event }) => {
            const wanted = aggregateId === null || event.aggregateId === aggregateId;
            if (!wanted || (type !== null && event.event.type !== type)) return null;
            return { name: event.event.type, data: eventJson(event) };
          }),
          source.signal,
        ),
      );
    },
  };
}

function candleStreamRoute(parts: EventsParts, streams: StreamCount): Route {
  return {
    method: "GET",
    path: "/v1/stream/candles/{id}",
    operationId: "streamCandles",
    tag: "market-data",
    summary: "One-minute candles of an instrument as they are closed and revised",
    pathParameters: z.strictObject({ id: idField() }),
    pathExample: { id: "binance:BTC-USDT" },
    query: z.strictObject(fromParameter),
    body: null,
    headers: [lastEventId],
    answers: streamAnswers,
    handle: async (request, response) => {
      const id = request.path["id"] as string;
      const fixed = { topic: "market.events", aggregateId: id };
      const source = await follow(request, response, { parts, fixed });
      await streams.during(() =>
        sendServerSentEvents(
          response,
          asEvents(source, ({ event }) => {
            const { type } = event.event;
            const isCandle = type === "CandleClosed" || type === "CandleRevised";
            if (!isCandle || event.aggregateId !== id) return null;
            return { name: "candle", data: { instrumentId: id, ...candleJson(event) } };
          }),
          source.signal,
        ),
      );
    },
  };
}

function candleJson(event: Followed["event"]): Record<string, unknown> {
  const { data } = eventJson(event) as { data: Record<string, unknown> };
  const { openTimeMs, watermarkMs: _watermark, cause: _cause, ...figures } = data;
  return { openTime: new Date(Number(openTimeMs)).toISOString(), interval: "1m", ...figures };
}

interface Source {
  readonly logId: string;
  readonly followed: AsyncIterable<Followed>;
  readonly signal: AbortSignal;
}

async function* asEvents(
  { logId, followed }: Source,
  pick: (followed: Followed) => { name: string; data: unknown } | null,
): AsyncGenerator<ServerSentEvent> {
  for await (const one of followed) {
    const picked = pick(one);
    if (picked === null) continue;
    const id = encodeConsistencyToken({ logId, positions: one.positions });
    yield { id, event: picked.name, data: picked.data };
  }
}

async function follow(
  request: RouteRequest,
  response: Response,
  { parts, fixed = null }: { parts: EventsParts; fixed?: Fixed | null },
): Promise<Source> {
  const at = request.query["from"] === "start" ? "start" : "end";
  const last = request.raw.get("Last-Event-ID") ?? null;
  const from = await startOf(request, last, { parts, at, fixed });
  const closed = new AbortController();
  response.on("close", () => closed.abort());
  const signal = AbortSignal.any([closed.signal, parts.signal]);
  return {
    logId: await parts.log.logId(),
    followed: followLog(from, { log: parts.log, codec: parts.codec, signal }),
    signal,
  };
}

/** What the route's path says of the events wanted. */
interface Fixed {
  readonly topic: string;
  readonly aggregateId: string;
}

/** Where reading begins: at a token, else at the start or the end of the partitions asked for. */
async function startOf(
  request: RouteRequest,
  token: string | null,
  where: { parts: EventsParts; at: "start" | "end"; fixed?: Fixed | null },
): Promise<ReadonlyMap<PartitionKey, number>> {
  const { log } = where.parts;
  const topic = where.fixed?.topic ?? (request.query["topic"] as string);
  const aggregateId = where.fixed?.aggregateId ?? textOf(request.query["aggregateId"]);
  const topics = await log.topics();
  const partitions = topics.get(topic);
  if (partitions === undefined) {
    const detail = `there is no topic ${topic}; there are ${[...topics.keys()].join(", ")}`;
    throw new PlatformError("NOT_FOUND", detail);
  }
  const ends = await log.ends(topic);
  const keys = ends.map((_end, partition) => partitionKey({ topic, partition }));
  const wanted = aggregateId === null ? keys : [keys[partitionOf(aggregateId, partitions)]];
  const known = token === null ? null : parseConsistencyToken(token, await log.logId()).positions;
  return new Map(
    (wanted as PartitionKey[]).map((key) => {
      const start = where.at === "start" ? 0 : (ends[keys.indexOf(key)] as number);
      return [key, known?.get(key) ?? start];
    }),
  );
}

function filterOf(request: RouteRequest) {
  const { aggregateId, type, limit } = request.query;
  return {
    aggregateId: textOf(aggregateId),
    type: textOf(type),
    limit: typeof limit === "number" ? limit : PAGE_EVENTS,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

class StreamCount {
  #open = 0;

  async during(serve: () => Promise<void>): Promise<void> {
    if (this.#open >= STREAMS) {
      throw new PlatformError("OVERLOADED", `${STREAMS} live streams are open; try again later`);
    }
    this.#open += 1;
    streamSubscribers.set(this.#open);
    try {
      await serve();
    } finally {
      this.#open -= 1;
      streamSubscribers.set(this.#open);
    }
  }
}
