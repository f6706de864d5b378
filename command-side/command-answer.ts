import type { Response } from "express";
import { z } from "zod";
import { PlatformError } from "../platform/errors/catalogue.ts";
import { encodeConsistencyToken } from "../platform/http/consistency-token.ts";
import { RefusalError } from "../platform/http/problem.ts";
import { partitionKey } from "../platform/log/log.ts";
import type { Accepted, CommandOutcome } from "./gateway.ts";

/** What an accepted command is told. */
export const acceptedAnswer = z.object({
  id: z.string(),
  version: z.int().min(0),
  events: z.array(
    z.object({ id: z.string(), type: z.string(), sequence: z.int(), position: z.int() }),
  ),
  answer: z.record(z.string(), z.unknown()).optional(),
});

export function answerOf(outcome: Accepted): z.infer<typeof acceptedAnswer> {
  const { aggregateId, version, events, answer } = outcome;
  const body = { id: aggregateId, version, events: [...events] };
  return answer === null ? body : { ...body, answer };
}

/** Where a query must have come to show the command's effect. */
export function tokenOf(outcome: Accepted): string {
  const positions = new Map([[partitionKey(outcome.partition), outcome.position]]);
  return encodeConsistencyToken({ logId: outcome.logId, positions });
}

/** Answers HTTP with the outcome of one command; `beside`: what is told with an accepted one. */
export function sendOutcome(
  response: Response,
  outcome: CommandOutcome,
  beside: Readonly<Record<string, unknown>> = {},
): void {
  if (outcome.outcome !== "accepted") throw errorOf(outcome);
  response.status(outcome.events[0]?.sequence === 1 ? 201 : 200);
  response.set("ETag", `"${outcome.version}"`);
  response.set("Consistency-Token", tokenOf(outcome));
  response.json({ ...beside, ...answerOf(outcome) });
}

/** The error that an outcome is to its caller. */
export function errorOf(outcome: Exclude<CommandOutcome, Accepted>): Error {
  if (outcome.outcome === "refused") return new RefusalError(outcome.refusal);
  return new PlatformError(outcome.code, outcome.detail, { facts: outcome.facts ?? {} });
}
