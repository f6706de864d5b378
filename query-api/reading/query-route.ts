import type { Response } from "express";
import { z } from "zod";
import type { Access } from "../../platform/access/roles.ts";
import { type CursorKey, decodeCursor, encodeCursor } from "../../platform/http/cursor.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import { sendAnswer } from "./answer.ts";
import { type FreshnessParts, freshnessFields, freshnessOf } from "./freshness.ts";
import type { Answered, ReadModel } from "./read-model.ts";
import { awaitToken, queryHeaders, staleParameter, type TokenWait } from "./token-wait.ts";

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
  readonly access: Access;
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

export interface QueryParts extends FreshnessParts {
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
    answers: answersOf("The answer, with the position it was read at", {
      generation: z.int(),
      ...freshnessFields,
      data,
      nextCursor: z.string().optional(),
    }),
    handle: async (request, response) => {
      const waited = await awaitToken(model, request, parts);
      const pages = pagesOf(request, definition.operationId, parts.cursorKey);
      const answered = await model.read((reader) => run(reader, request, pages));
      await send(response, { answered, waited, request, parts });
    },
  };
}

/** What a query answers: its fields, or that nothing has changed. */
export function answersOf(
  description: string,
  fields: Readonly<Record<string, z.ZodType>>,
): Route["answers"] {
  const json = { contentType: "application/json" } as const;
  return [
    { status: 200, description, ...json, schema: z.object(fields) },
    { status: 304, description: "Not changed", ...json, schema: null },
  ];
}

/** The cursors of the query of this name (its operation id), and of no other. */
export function pagesOf(request: RouteRequest, query: string, key: CursorKey): Pages {
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
  readonly waited: TokenWait;
  readonly request: RouteRequest;
  readonly parts: QueryParts;
}

async function send(response: Response, sending: Sending): Promise<void> {
  const { answered, waited, request, parts } = sending;
  const { data, nextCursor } = answered.result;
  const { generation, positions } = answered;
  const parked = parkedNote(sending);
  const outgoing = {
    positions,
    generation: String(generation),
    content: { data, nextCursor, parked },
    body: {
      generation,
      ...(await freshnessOf(positions, parts)),
      ...(waited.stale ? { stale: true } : {}),
      ...(waited.uncovered.length > 0 ? { uncovered: waited.uncovered } : {}),
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
