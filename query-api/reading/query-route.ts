import { z } from "zod";
import type { Access } from "../../platform/access/roles.ts";
import { type CursorKey, decodeCursor, encodeCursor } from "../../platform/http/cursor.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import type { LogReader } from "../../platform/log/log.ts";
import { asOfParameter } from "../as-of/moment.ts";
import type { PastReadModels } from "../as-of/past.ts";
import { asOfField, freshnessThen, pastQuestionOf, positionsThen } from "../as-of/question.ts";
import { type Outgoing, sendAnswer } from "./answer.ts";
import { type FreshnessParts, freshnessFields, freshnessOf } from "./freshness.ts";
import type { Snapshot } from "./generation-reader.ts";
import type { ReadModel } from "./read-model.ts";
import { awaitToken, queryHeaders, staleParameter } from "./token-wait.ts";

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
  /** Where the path has an `id`: it is the stream whose events alone make the answer. */
  readonly isOfOneStream?: boolean;
  readonly run: (reader: Reader, request: RouteRequest, pages: Pages) => Promise<QueryResult>;
}

/** Where the page that is asked for begins, and how to name the next one. */
export interface Pages {
  /** The place in the request's cursor; `null` without one. */
  readonly after: <Place>(place: z.ZodType<Place>) => Place | null;
  readonly cursorAt: (place: unknown) => string;
}

export interface QueryParts extends FreshnessParts {
  readonly log: LogReader;
  readonly cursorKey: CursorKey;
  readonly past: PastReadModels;
}

export function queryRoute<Reader>(
  model: ReadModel<Reader>,
  definition: QueryDefinition<Reader>,
  parts: QueryParts,
): Route {
  const { run, data, query, isOfOneStream = false, ...described } = definition;
  return {
    ...described,
    method: "GET",
    query: query.extend({ ...staleParameter, ...asOfParameter }),
    body: null,
    headers: queryHeaders,
    answers: answersOf("The answer, with the position it was read at", {
      generation: z.int().nullable().describe("null: built to answer about the past"),
      ...freshnessFields,
      ...asOfField,
      data,
      nextCursor: z.string().optional(),
    }),
    handle: async (request, response) => {
      const pages = pagesOf(request, definition.operationId, parts.cursorKey);
      const ask = (reader: Reader) => run(reader, request, pages);
      const stream = isOfOneStream ? (request.path["id"] ?? null) : null;
      const past = pastQuestionOf(request, [model.name], stream);
      const outgoing =
        past === null
          ? await answerNow({ model, ask, request, parts })
          : await parts.past.read(past, async (then) => {
              const built = await then.read(model, ask);
              const positions = positionsThen(then, built.positions);
              const answered = { ...built, positions, generation: null };
              const labels = freshnessThen(then, positions);
              return outgoingOf({ answered, labels, request });
            });
      await sendAnswer(response, request, { outgoing, log: parts.log });
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

interface Asking<Reader> {
  readonly model: ReadModel<Reader>;
  readonly ask: (reader: Reader) => Promise<QueryResult>;
  readonly request: RouteRequest;
  readonly parts: QueryParts;
}

async function answerNow<Reader>({ model, ask, request, parts }: Asking<Reader>) {
  const { stale, uncovered } = await awaitToken(model, request, parts);
  const answered = await model.read(ask);
  const labels = {
    ...(await freshnessOf(answered.positions, parts)),
    ...(stale ? { stale } : {}),
    ...(uncovered.length > 0 ? { uncovered } : {}),
  };
  return outgoingOf({ answered, labels, request });
}

interface Answering {
  readonly answered: Snapshot<QueryResult> & { readonly generation: number | null };
  readonly labels: object;
  readonly request: RouteRequest;
}

function outgoingOf({ answered, labels, request }: Answering): Outgoing {
  const { generation, positions, result } = answered;
  const { data, nextCursor } = result;
  const parked = parkedNote([answered], request);
  return {
    positions,
    generation: generation === null ? "past" : String(generation),
    content: { data, nextCursor, parked },
    body: { generation, ...labels, ...parked, data, ...(nextCursor ? { nextCursor } : {}) },
  };
}

/** An answer about a stream that stopped at an event, in one of the read models, says so. */
export function parkedNote(
  answers: readonly Pick<Snapshot<unknown>, "parked">[],
  request: RouteRequest,
): { parked?: readonly string[] } {
  const asked = Object.values(request.path);
  const streams = new Set(answers.flatMap(({ parked }) => parked.map(({ stream }) => stream)));
  const parked = [...streams].filter((stream) => asked.includes(stream));
  return parked.length > 0 ? { parked } : {};
}
