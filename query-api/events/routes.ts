import type { Response } from "express";
import { z } from "zod";
import { withAnyKey } from "../../platform/access/roles.ts";
import type { EventCodec } from "../../platform/codec/codec.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField } from "../../platform/fields/fields.ts";
import {
  encodeConsistencyToken,
  parseConsistencyToken,
} from "../../platform/http/consistency-token.ts";
import { invalidCursor } from "../../platform/http/cursor.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import { partitionOf } from "../../platform/kernel/hash.ts";
import { type PartitionKey, type Positions, partitionKey } from "../../platform/log/log.ts";
import { streamSubscribers } from "../../platform/telemetry/metrics.ts";
import { freshnessFields, freshnessOf } from "../reading/freshness.ts";
import { limitOf, pageParameters, textOf } from "../reading/parameters.ts";
import { pagesOf, type QueryParts } from "../reading/query-route.ts";
import { eventJson } from "../stream/event-json.ts";
import { type Followed, followLog } from "../stream/log-follower.ts";
import { concerns, type EventFilter, readEvents } from "../stream/read-events.ts";
import { type ServerSentEvent, sendServerSentEvents } from "../stream/server-sent-events.ts";
import type { EventGuard } from "./who-may-read.ts";

/** Live streams that one process serves at a time. */
const STREAMS = 200;
/** How often a stream asks whether the key that opened it holds still. */
const KEY_LOOK_MILLISECONDS = 1_000;

export interface EventsParts extends QueryParts {
  readonly codec: Pick<EventCodec, "prepare" | "decode">;
  readonly isInstrument: (id: string) => Promise<boolean>;
  readonly guard: EventGuard;
  /** Ends every stream: the process is shutting down. */
  readonly signal: AbortSignal;
}

const LIST_EVENTS = "listEvents";

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
    operationId: LIST_EVENTS,
    tag: "events",
    summary: "Events of a topic in the order of their writing",
    access: withAnyKey,
    pathParameters: null,
    pathExample: {},
    query: z.strictObject({ ...filterParameters, ...pageParameters }),
    body: null,
    headers: [],
    answers: [
      {
        status: 200,
        description:
          "A page of events; `nextCursor` is there while more may follow. `position` and " +
          "`lagSeconds` are of what was read so far; there is no generation: this is the log",
        contentType: "application/json",
        schema: z.object({
          ...freshnessFields,
          data: z.array(z.record(z.string(), z.unknown())),
          nextCursor: z.string().optional(),
        }),
      },
    ],
    handle: async (request, response) => {
      const wanted = wantedOf(request);
      await parts.guard(request.identity, wanted);
      const pages = pagesOf(request, LIST_EVENTS, parts.cursorKey);
      const logId = await parts.log.logId();
      const place = pages.after(z.string());
      const known = place === null ? null : parseConsistencyToken(place, logId).positions;
      const from = await startOf(wanted, known, { parts, at: "start" });
      // A cursor of other partitions would leave out, or repeat, what is asked for here.
      if (known !== null && !haveSameKeys(known, from)) throw invalidCursor();
      const page = await readEvents(from, { ...wanted, limit: limitOf(request.query) }, parts);
      const token = encodeConsistencyToken({ logId, positions: page.positions });
      response.set("Consistency-Token", token);
      response.json({
        ...(await freshnessOf(page.positions, parts)),
        data: page.events.map(eventJson),
        ...(page.atEnd ? {} : { nextCursor: pages.cursorAt(token) }),
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
    access: withAnyKey,
    pathParameters: null,
    pathExample: {},
    query: z.strictObject({ ...filterParameters, ...fromParameter }),
    body: null,
    headers: [lastEventId],
    answers: streamAnswers,
    handle: async (request, response) => {
      const wanted = wantedOf(request);
      await parts.guard(request.identity, wanted);
      const source = await follow(request, response, { parts, wanted });
      const events = asEvents(source, (event) => {
        return { name: event.event.type, data: eventJson(event) };
      });
      await streams.during(() => sendServerSentEvents(response, events, source.signal));
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
    access: withAnyKey,
    pathParameters: z.strictObject({ id: idField() }),
    pathExample: { id: "binance:BTC-USDT" },
    query: z.strictObject(fromParameter),
    body: null,
    headers: [lastEventId],
    answers: streamAnswers,
    handle: async (request, response) => {
      const id = request.path["id"] as string;
      if (!(await parts.isInstrument(id))) {
        throw new PlatformError("NOT_FOUND", `there is no instrument ${id}`, { facts: { id } });
      }
      const wanted = { topic: "market.events", aggregateId: id, types: CANDLE_EVENTS };
      const source = await follow(request, response, { parts, wanted });
      const events = asEvents(source, (event) => {
        return { name: "candle", data: { instrumentId: id, ...candleJson(event) } };
      });
      await streams.during(() => sendServerSentEvents(response, events, source.signal));
    },
  };
}

const CANDLE_EVENTS = ["CandleClosed", "CandleRevised"];

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
  show: (event: Followed["event"]) => { name: string; data: unknown },
): AsyncGenerator<ServerSentEvent> {
  for await (const { event, positions } of followed) {
    const { name, data } = show(event);
    yield { id: encodeConsistencyToken({ logId, positions }), event: name, data };
  }
}

async function follow(
  request: RouteRequest,
  response: Response,
  { parts, wanted }: { parts: EventsParts; wanted: Wanted },
): Promise<Source> {
  const at = request.query["from"] === "start" ? "start" : "end";
  const last = request.raw.get("Last-Event-ID");
  const logId = await parts.log.logId();
  const known = last === undefined ? null : parseConsistencyToken(last, logId).positions;
  const from = await startOf(wanted, known, { parts, at });
  const closed = new AbortController();
  const watch = setInterval(() => {
    if (!request.keyHolds()) closed.abort();
  }, KEY_LOOK_MILLISECONDS);
  response.on("close", () => {
    clearInterval(watch);
    closed.abort();
  });
  if (response.closed) closed.abort();
  const signal = AbortSignal.any([closed.signal, parts.signal]);
  return {
    logId,
    followed: followLog(from, {
      log: parts.log,
      codec: parts.codec,
      concerns: (record) => concerns(record, wanted),
      signal,
    }),
    signal,
  };
}

interface Wanted extends EventFilter {
  readonly topic: string;
}

/** Where reading begins: as known, else at the start or the end of the partitions asked for. */
async function startOf(
  { topic, aggregateId }: Pick<Wanted, "topic" | "aggregateId">,
  known: Positions | null,
  where: { parts: EventsParts; at: "start" | "end" },
): Promise<Positions> {
  const { log } = where.parts;
  const topics = await log.topics();
  const partitions = topics.get(topic);
  if (partitions === undefined) {
    const detail = `there is no topic ${topic}; there are ${[...topics.keys()].join(", ")}`;
    throw new PlatformError("NOT_FOUND", detail);
  }
  const ends = await log.ends(topic);
  const keys = ends.map((_end, partition) => partitionKey({ topic, partition }));
  const wanted = aggregateId === null ? keys : [keys[partitionOf(aggregateId, partitions)]];
  return new Map(
    (wanted as PartitionKey[]).map((key) => {
      const start = where.at === "start" ? 0 : (ends[keys.indexOf(key)] as number);
      return [key, known?.get(key) ?? start];
    }),
  );
}

function wantedOf({ query }: RouteRequest): Wanted {
  const type = textOf(query["type"]);
  return {
    topic: query["topic"] as string,
    aggregateId: textOf(query["aggregateId"]),
    types: type === null ? null : [type],
  };
}

function haveSameKeys(one: Positions, other: Positions): boolean {
  return one.size === other.size && [...one.keys()].every((key) => other.has(key));
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
