import { v7 as uuidV7 } from "uuid";
import { z } from "zod";
import { traders } from "../platform/access/roles.ts";
import { type Catalogue, PlatformError } from "../platform/errors/catalogue.ts";
import { Turn } from "../platform/event-loop/turns.ts";
import { uuidField } from "../platform/fields/fields.ts";
import { fieldErrors } from "../platform/http/field-errors.ts";
import {
  linesOfRequest,
  type NdjsonText,
  parseNdjsonLine,
  writeNdjson,
} from "../platform/http/ndjson.ts";
import { problemOf } from "../platform/http/problem.ts";
import type { Route, RouteRequest } from "../platform/http/route.ts";
import { type AggregateDefinition, authorityOf, catalogueOf } from "./aggregate.ts";
import { answerOf, errorOf, tokenOf } from "./command-answer.ts";
import type { CommandGateway, CommandOutcome, CommandRequest } from "./gateway.ts";

/** Commands of one request that may be undecided at a time; reading stops beyond it. */
const BATCH_COMMANDS_IN_FLIGHT = 512;

const line = z.strictObject({
  aggregate: z.string().max(64),
  id: z.string().max(200),
  type: z.string().max(64),
  data: z.unknown(),
  commandId: uuidField().optional(),
  expectedVersion: z.union([z.int().min(0), z.literal("none")]).optional(),
});

const EXAMPLE = {
  aggregate: "portfolio",
  id: "p-1",
  type: "OpenPortfolio",
  data: { name: "Main", baseCurrency: "USDT", costMethod: "average" },
};

/** `POST /v1/commands`: NDJSON in, one result line per line out, in order. */
export function batchRoute(
  aggregates: readonly AggregateDefinition[],
  gateway: CommandGateway,
): Route {
  const byName = new Map(aggregates.map((aggregate) => [aggregate.name, aggregate]));
  const catalogue = catalogueOf(aggregates);
  return {
    method: "POST",
    path: "/v1/commands",
    operationId: "submitCommands",
    tag: "commands",
    summary: "Many commands in one request, one JSON object a line, answered line by line in order",
    access: traders,
    pathParameters: null,
    pathExample: {},
    query: null,
    body: { contentTypes: ["application/x-ndjson"], schema: line, example: EXAMPLE },
    headers: [],
    answers: [
      {
        status: 200,
        description: 'One line per command; its "outcome" is "accepted" or "failed"',
        contentType: "application/x-ndjson",
        schema: z.record(z.string(), z.unknown()),
      },
    ],
    handle: async (request, response) => {
      await writeNdjson(response, results(request, { byName, gateway, catalogue }));
    },
  };
}

interface Context {
  readonly catalogue: Catalogue;
  readonly byName: ReadonlyMap<string, AggregateDefinition>;
  readonly gateway: CommandGateway;
}

/**
 * Commands enter their owners in the order of the lines, and results leave in that order. Where the
 * lines break off, what came of those before is told first.
 */
async function* results(request: RouteRequest, context: Context): AsyncGenerator<unknown> {
  const inFlight: Promise<unknown>[] = [];
  let breach: { readonly error: unknown } | null = null;
  const turn = await Turn.take();
  try {
    for await (const text of linesOfRequest(request)) {
      inFlight.push(resultOf(text, request, context));
      if (turn.isOver) await turn.next();
      if (inFlight.length >= BATCH_COMMANDS_IN_FLIGHT) yield await inFlight.shift();
    }
  } catch (error) {
    breach = { error };
  }
  for (const result of inFlight) yield await result;
  if (breach !== null) throw breach.error;
}

/** A bad line is answered and harms no other. */
async function resultOf(
  text: NdjsonText,
  request: RouteRequest,
  context: Context,
): Promise<unknown> {
  try {
    const command = commandOf(parseNdjsonLine(text), request, context);
    return lineOf(await context.gateway.submit(command));
  } catch (error) {
    const problem = problemOf(error, context.catalogue);
    return { outcome: "failed", line: text.lineNumber, ...problem };
  }
}

function lineOf(outcome: CommandOutcome): unknown {
  if (outcome.outcome !== "accepted") throw errorOf(outcome);
  return { outcome: "accepted", ...answerOf(outcome), consistencyToken: tokenOf(outcome) };
}

function commandOf(value: unknown, request: RouteRequest, context: Context): CommandRequest {
  const { aggregate: name, id, type, data, commandId, expectedVersion } = parse(line, value, "");
  const aggregate = context.byName.get(name);
  if (!aggregate) throw unknownName("aggregate", name, [...context.byName.keys()]);
  const definition = Object.hasOwn(aggregate.commands, type) ? aggregate.commands[type] : undefined;
  if (!definition) throw unknownName("type", type, Object.keys(aggregate.commands));
  return {
    aggregate: name,
    aggregateId: parse(aggregate.id, id, "/id"),
    command: { type, data: parse(definition.payload, data, "/data") },
    commandId: commandId?.toLowerCase() ?? uuidV7(),
    expectedVersion: expectedVersion ?? null,
    actor: request.identity.actor,
    authority: authorityOf(request.identity.role),
    correlationId: request.identity.correlationId,
    causationId: null,
    causationPosition: null,
    traceparent: request.identity.traceparent,
  };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, pointer: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error.issues, pointer);
  throw new PlatformError("INVALID_REQUEST", "the line is not a valid command", { errors });
}

function unknownName(field: string, name: string, allowed: readonly string[]): PlatformError {
  const detail = `${field} ${JSON.stringify(name)} is not one of ${allowed.join(", ")}`;
  return new PlatformError("INVALID_REQUEST", detail, {
    errors: [{ pointer: `/${field}`, detail }],
  });
}
