import { v7 as uuidV7 } from "uuid";
import { z } from "zod";
import { PlatformError } from "../platform/errors/catalogue.ts";
import { uuidField } from "../platform/fields/fields.ts";
import type { Route, RouteHeader, RouteRequest } from "../platform/http/route.ts";
import {
  type AggregateDefinition,
  accessTo,
  authorityOf,
  type CommandDefinition,
} from "./aggregate.ts";
import { acceptedAnswer, sendOutcome } from "./command-answer.ts";
import type { CommandGateway, CommandRequest } from "./gateway.ts";

export const COMMAND_HEADERS: readonly RouteHeader[] = [
  {
    name: "Idempotency-Key",
    description:
      "The command id, a UUID. The same command sent again gets the same answer. A trader's key " +
      "takes every version but 5, in which the platform's own are.",
    example: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5f",
  },
  {
    name: "If-Match",
    description: 'The version the aggregate must have, in quotes: `"7"`.',
    example: '"7"',
  },
  { name: "If-None-Match", description: "`*`: the aggregate must not exist.", example: "*" },
];

/** One route per command of every aggregate: `POST /v1/<collection>/{id}/<command-name>`. */
export function commandRoutes(
  aggregates: readonly AggregateDefinition[],
  gateway: CommandGateway,
): readonly Route[] {
  return aggregates.flatMap((aggregate) => {
    return Object.entries(aggregate.commands).map(([type, definition]) => {
      return commandRoute(aggregate, type, definition, gateway);
    });
  });
}

function commandRoute(
  aggregate: AggregateDefinition,
  type: string,
  definition: CommandDefinition,
  gateway: CommandGateway,
): Route {
  return {
    method: "POST",
    path: `/v1/${aggregate.collection}/{id}/${kebabCase(type)}`,
    operationId: `${type.charAt(0).toLowerCase()}${type.slice(1)}`,
    tag: aggregate.context,
    summary: definition.summary,
    access: accessTo(aggregate, definition),
    pathParameters: z.strictObject({ id: aggregate.id }),
    pathExample: { id: aggregate.idExample },
    query: null,
    body: {
      contentTypes: ["application/json"],
      schema: definition.payload,
      example: definition.example,
    },
    headers: COMMAND_HEADERS,
    answers: [200, 201].map((status) => ({
      status,
      description: status === 201 ? "The aggregate now exists" : "Accepted",
      contentType: "application/json",
      schema: acceptedAnswer,
    })),
    handle: async (request, response) => {
      const outcome = await gateway.submit(commandRequest(aggregate, type, request));
      sendOutcome(response, outcome);
    },
  };
}

/** The command of a request, as the gateway takes it. */
export function commandRequest(
  aggregate: Pick<AggregateDefinition, "name">,
  type: string,
  request: Pick<RouteRequest, "path" | "body" | "raw" | "identity">,
): CommandRequest {
  return {
    aggregate: aggregate.name,
    aggregateId: request.path["id"] as string,
    command: { type, data: request.body },
    commandId: commandIdOf(request),
    expectedVersion: expectedVersionOf(request),
    actor: request.identity.actor,
    authority: authorityOf(request.identity.role),
    correlationId: request.identity.correlationId,
    causationId: null,
    causationPosition: null,
    traceparent: request.identity.traceparent,
  };
}

function commandIdOf(request: Pick<RouteRequest, "raw">): string {
  const text = request.raw.get("Idempotency-Key");
  if (text === undefined) return uuidV7();
  if (uuidField().safeParse(text).success) return text.toLowerCase();
  throw new PlatformError("INVALID_HEADER", "Idempotency-Key must be a UUID");
}

function expectedVersionOf(request: Pick<RouteRequest, "raw">): number | "none" | null {
  const [match, noneMatch] = [request.raw.get("If-Match"), request.raw.get("If-None-Match")];
  if (match !== undefined && noneMatch !== undefined) {
    throw new PlatformError("INVALID_HEADER", "If-Match and If-None-Match exclude each other");
  }
  if (noneMatch === "*") return "none";
  if (noneMatch !== undefined) {
    throw new PlatformError("INVALID_HEADER", "If-None-Match of a command can only be *");
  }
  if (match === undefined) return null;
  const version = /^"(\d{1,15})"$/.exec(match)?.[1];
  if (version !== undefined) return Number(version);
  throw new PlatformError("INVALID_HEADER", 'If-Match must be a version in quotes, as in "7"');
}

function kebabCase(type: string): string {
  return type.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
