import { createHash } from "node:crypto";
import type { Response } from "express";
import { z } from "zod";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import {
  encodeConsistencyToken,
  parseConsistencyToken,
} from "../../platform/http/consistency-token.ts";
import { type CursorKey, decodeCursor, encodeCursor } from "../../platform/http/cursor.ts";
import type { Route, RouteHeader, RouteRequest } from "../../platform/http/route.ts";
import {
  type LogReader,
  type PartitionKey,
  type Positions,
  parsePartitionKey,
} from "../../platform/log/log.ts";
import { matchesEtag } from "./etag.ts";
import type { LogEnds } from "./log-ends.ts";
import type { Answered, ReadModel } from "./read-model.ts";

/** The longest wait for a consistency token that `Prefer: wait=<s>` may ask for. */
const LONGEST_WAIT_SECONDS = 30;

const HEADERS: readonly RouteHeader[] = [
  {
    name: "Consistency-Token",
    description: "What a command or query returned: the answer will be at least as new.",
    example: "MDE4ZjZmN2UucG9ydGZvbGlvLmV2ZW50czowOjEy",
  },
  {
    name: "Prefer",
    description: `\`wait=2\`: how many seconds to wait for the token, at most ${LONGEST_WAIT_SECONDS}.`,
    example: "wait=2",
  },
  { name: "If-None-Match", description: "The ETag of an earlier answer.", example: '"abc"' },
];

/** `stale=allow`: past the wait the answer comes anyway, labelled. */
const staleParameter = { stale: z.enum(["allow"]).optional() };

export interface QueryResult {
  readonly data: unknown;
  readonly nextCursor?: string | null;
}

/** One query: what it is asked with, and what it asks of the reader. */
export interface QueryDefinition<Reader> {
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly pathParameters: z.ZodObject | null;
  readonly pathExample: Readonly<Record<string, string>>;
  readonly query: z.ZodObject;
  readonly data: z.ZodType;
  readonly run: (reader: Reader, request: RouteRequest, pages: Pages) => Promise<QueryResult>;
}

/** Where the page that is asked for begins, and how to name the next one. */
export interface Pages {
  /** The place in the request's cursor; `null` without one. */
  readonly after: <Place>(place: z.ZodType<Place>) => Place | null;
  readonly cursorAt: (place: unknown) => string;
}

export interface QueryParts {
  readonly log: LogReader;
  readonly ends: LogEnds;
  readonly cursorKey: CursorKey;
  readonly clock: () => number;
}

export function queryRoute<Reader>(
  model: ReadModel<Reader>,
  definition: QueryDefinition<Reader>,
  parts: QueryParts,
): Route {
  const { run, data, query, ...described } = definition;
  return {
    ...described,
    method: "GET",
    query: query.extend(staleParameter),
    body: null,
    headers: HEADERS,
    answers: [
      {
        status: 200,
        description: "The answer, with the position it was read at",
        contentType: "application/json",
        schema: z.object({
          generation: z.int(),
          position: z.record(z.string(), z.int()),
          lagSeconds: z.number(),
          data,
          nextCursor: z.string().optional(),
        }),
      },
      { status: 304, description: "Not changed", contentType: "application/json", schema: null },
    ],
    handle: async (request, response) => {
      const freshness = await awaitToken(model, request, parts);
      const pages = pagesOf(request, definition.operationId, parts.cursorKey);
      const answered = await model.read((reader) => run(reader, request, pages));
      await send(response, { answered, freshness, request, parts });
    },
  };
}

function pagesOf(request: RouteRequest, query: string, key: CursorKey): Pages {
  const { cursor } = request.query;
  return {
    after: (schema) => {
      return typeof cursor === "string" ? decodeCursor(key, query, { cursor, schema }) : null;
    },
    cursorAt: (place) => encodeCursor(key, query, place),
  };
}

interface Freshness {
  readonly stale: boolean;
  /** Partitions of the token that this read model does not cover. */
  readonly uncovered: readonly PartitionKey[];
}

async function awaitToken<Reader>(
  model: ReadModel<Reader>,
  request: RouteRequest,
  { log, ends }: QueryParts,
): Promise<Freshness> {
  const text = request.raw.get("Consistency-Token");
  if (text === undefined) return { stale: false, uncovered: [] };
  const { positions } = parseConsistencyToken(text, await log.logId());
  const covered = await model.positions();
  const uncovered = [...positions.keys()].filter((key) => !covered.has(key));
  if (await model.hasPassed(positions, waitSecondsOf(request) * 1000)) {
    return { stale: false, uncovered };
  }
  if (request.query["stale"] === "allow") return { stale: true, uncovered };
  throw await notYet(model.name, { wanted: positions, reached: await model.positions() }, ends);
}

async function notYet(
  projection: string,
  { wanted, reached }: { wanted: Positions; reached: Positions },
  ends: LogEnds,
): Promise<PlatformError> {
  const missing = [...wanted].map(([key, position]) => position - (reached.get(key) ?? position));
  const behind = missing.reduce((sum, events) => sum + Math.max(0, events), 0);
  const detail =
    `${projection} is ${behind} events before the consistency token; ` +
    "wait longer with Prefer: wait=<seconds>, or take the answer as it is with ?stale=allow";
  return new PlatformError("NOT_YET", detail, {
    facts: { projection, eventsBehindToken: behind, gapEvents: await ends.gap(reached) },
  });
}

function waitSecondsOf(request: RouteRequest): number {
  const text = request.raw.get("Prefer");
  if (text === undefined) return 0;
  const seconds = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/.exec(text)?.[1];
  if (seconds === undefined) return 0;
  return Math.min(Number(seconds), LONGEST_WAIT_SECONDS);
}

interface Sending {
  readonly answered: Answered<QueryResult>;
  readonly freshness: Freshness;
  readonly request: RouteRequest;
  readonly parts: QueryParts;
}

async function send(response: Response, sending: Sending): Promise<void> {
  const { answered, freshness, request, parts } = sending;
  const { data, nextCursor } = answered.result;
  const body = JSON.stringify({ data, nextCursor, parked: parkedNote(sending) });
  const etag = `"${answered.generation}-${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const logId = await parts.log.logId();
  response.set("ETag", etag);
  response.set("Cache-Control", "no-cache");
  response.set(
    "Consistency-Token",
    encodeConsistencyToken({ logId, positions: answered.positions }),
  );
  if (matchesEtag(request.raw.get("If-None-Match"), etag)) {
    response.status(304).end();
    return;
  }
  response.status(200).json({
    generation: answered.generation,
    position: Object.fromEntries(answered.positions),
    lagSeconds: await lagSeconds(answered, parts),
    ...(freshness.stale ? { stale: true } : {}),
    ...(freshness.uncovered.length > 0 ? { uncovered: freshness.uncovered } : {}),
    ...parkedNote(sending),
    data,
    ...(nextCursor ? { nextCursor } : {}),
  });
}

/** An answer about a stream that stopped at an event says so. */
function parkedNote({ answered, request }: Sending): { parked?: readonly string[] } {
  const asked = Object.values(request.path);
  const parked = answered.parkedStreams.filter((stream) => asked.includes(stream));
  return parked.length > 0 ? { parked } : {};
}

const ONE_RECORD = { maxRecords: 1, maxBytes: 1 };

/** Age of the oldest record not applied yet; 0 when there is none. */
async function lagSeconds(
  { positions }: Answered<unknown>,
  { log, ends, clock }: QueryParts,
): Promise<number> {
  let oldestMs = clock();
  for (const [key, position] of positions) {
    if ((await ends.gapOf(key, position)) === 0) continue;
    const [record] = await log.read(parsePartitionKey(key), position, ONE_RECORD);
    if (record) oldestMs = Math.min(oldestMs, record.timestampMs);
  }
  return (clock() - oldestMs) / 1000;
}
