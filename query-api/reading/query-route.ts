import type { Response } from "express";
import { z } from "zod";
import { type CursorKey, decodeCursor, encodeCursor } from "../../platform/http/cursor.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import { type AnswerParts, lagSecondsAt, sendAnswer } from "./answer.ts";
import { awaitToken, type Freshness, queryHeaders, staleParameter } from "./freshness.ts";
import type { Answered, ReadModel } from "./read-model.ts";

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

export interface QueryParts extends AnswerParts {
  readonly cursorKey: CursorKey;
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
    headers: queryHeaders,
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

interface Sending {
  readonly answered: Answered<QueryResult>;
  readonly freshness: Freshness;
  readonly request: RouteRequest;
  readonly parts: QueryParts;
}

async function send(response: Response, sending: Sending): Promise<void> {
  const { answered, freshness, request, parts } = sending;
  const { data, nextCursor } = answered.result;
  const { generation, positions } = answered;
  const parked = parkedNote(sending);
  const outgoing = {
    positions,
    generation: String(generation),
    content: { data, nextCursor, parked },
    body: {
      generation,
      position: Object.fromEntries(positions),
      lagSeconds: await lagSecondsAt(positions, parts),
      ...(freshness.stale ? { stale: true } : {}),
      ...(freshness.uncovered.length > 0 ? { uncovered: freshness.uncovered } : {}),
      ...parked,
      data,
      ...(nextCursor ? { nextCursor } : {}),
    },
  };
  await sendAnswer(response, request, { outgoing, log: parts.log });
}

/** An answer about a stream that stopped at an event says so. */
function parkedNote({ answered, request }: Sending): { parked?: readonly string[] } {
  const asked = Object.values(request.path);
  const parked = answered.parkedStreams.filter((stream) => asked.includes(stream));
  return parked.length > 0 ? { parked } : {};
}
