import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Response } from "express";
import { v7 as uuidV7, validate } from "uuid";
import { PlatformError } from "../errors/catalogue.ts";
import type { Conversation } from "./route.ts";

/** W3C Trace Context, level 1: version, trace id, parent id, flags; later versions may add more. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = "01";

/** The conversation of a request; a broken correlation id is refused, a broken trace begun anew, as
 *  the specification asks. */
export function conversationOf(request: IncomingMessage): Conversation {
  return {
    correlationId: correlationIdOf(request.headers["x-correlation-id"]),
    traceparent: incomingTraceparent(request) ?? newTraceparent(),
  };
}

/** For answers to requests that never got as far as that. */
export function newConversation(): Conversation {
  return { correlationId: uuidV7(), traceparent: newTraceparent() };
}

/** The conversation goes out on every answer, the failed ones too. */
export function introduce(response: Response, conversation: Conversation): void {
  response.locals.conversation = conversation;
  response.set("X-Correlation-Id", conversation.correlationId);
  response.set("traceparent", conversation.traceparent);
}

export function conversationOn(response: Response): Conversation {
  return response.locals.conversation as Conversation;
}

function correlationIdOf(header: string | string[] | undefined): string {
  if (header === undefined) return uuidV7();
  if (typeof header === "string" && validate(header)) return header.toLowerCase();
  throw new PlatformError("INVALID_HEADER", "X-Correlation-Id must be a UUID.");
}

/** The trace that the request belongs to already; `null`: none, or a broken one. */
export function incomingTraceparent(request: IncomingMessage): string | null {
  const header = request.headers["traceparent"];
  const parts = typeof header === "string" ? TRACEPARENT.exec(header) : null;
  if (parts === null) return null;
  const [, version, traceId = "", parentId = "", flags, more] = parts;
  const isKnownForm = version === "00" ? more === undefined : version !== "ff";
  if (!isKnownForm || /^0+$/.test(traceId) || /^0+$/.test(parentId)) return null;
  return `00-${traceId}-${parentId}-${flags}`;
}

/** `randomUUID` draws from a pool of the runtime: a fifth of the time of `randomBytes`. */
function newTraceparent(): string {
  const traceId = randomUUID().replaceAll("-", "");
  const parentId = randomUUID().replaceAll("-", "").slice(0, 16);
  return `00-${traceId}-${parentId}-${SAMPLED}`;
}
