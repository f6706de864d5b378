import { z } from "zod";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { parseConsistencyToken } from "../../platform/http/consistency-token.ts";
import type { RouteHeader, RouteRequest } from "../../platform/http/route.ts";
import type { LogReader, PartitionKey, Positions } from "../../platform/log/log.ts";
import { inSpan } from "../../platform/telemetry/tracing.ts";
import type { LogEnds } from "./log-ends.ts";
import type { ReadModel } from "./read-model.ts";

/** The longest wait for a consistency token that `Prefer: wait=<s>` may ask for. */
const LONGEST_WAIT_SECONDS = 30;

/** What every query understands beside its own parameters. */
export const queryHeaders: readonly RouteHeader[] = [
  {
    name: "Consistency-Token",
    description: "What a command or query returned: the answer will be at least as new.",
    example: "MDE4ZjZmN2UucG9ydGZvbGlvLmV2ZW50czowOjEy",
  },
  {
    name: "Prefer",
    description: `\`wait=2\`: how many seconds to wait for the token, or for what \`asOf\` has built, at most ${LONGEST_WAIT_SECONDS}.`,
    example: "wait=2",
  },
  { name: "If-None-Match", description: "The ETag of an earlier answer.", example: '"abc"' },
];

/** `stale=allow`: past the wait the answer comes anyway, labelled. */
export const staleParameter = { stale: z.enum(["allow"]).optional() };

export interface TokenWait {
  readonly stale: boolean;
  /** Partitions of the token that this read model does not cover. */
  readonly uncovered: readonly PartitionKey[];
}

/** Waits until the read model has passed the request's token, as long as the request wants. */
export async function awaitToken(
  model: Pick<ReadModel<never>, "name" | "positions" | "covers" | "hasPassed">,
  request: RouteRequest,
  { log, ends }: { readonly log: LogReader; readonly ends: LogEnds },
): Promise<TokenWait> {
  const text = request.raw.get("Consistency-Token");
  if (text === undefined) return { stale: false, uncovered: [] };
  const { positions } = parseConsistencyToken(text, await log.logId());
  const uncovered = [...positions.keys()].filter((key) => !model.covers(key));
  const waiting = { name: `wait for ${model.name}`, kind: "internal" } as const;
  const waitMs = waitSecondsOf(request, 0) * 1000;
  if (await inSpan(waiting, () => model.hasPassed(positions, waitMs))) {
    return { stale: false, uncovered };
  }
  if (request.query["stale"] === "allow") return { stale: true, uncovered };
  const wanted = new Map([...positions].filter(([key]) => model.covers(key)));
  throw await notYet(model.name, { wanted, reached: await model.positions() }, ends);
}

async function notYet(
  projection: string,
  { wanted, reached }: { wanted: Positions; reached: Positions },
  ends: LogEnds,
): Promise<PlatformError> {
  const missing = [...wanted].map(([key, position]) => position - (reached.get(key) ?? 0));
  const behind = missing.reduce((sum, events) => sum + Math.max(0, events), 0);
  const detail =
    `${projection} is ${behind} events before the consistency token; ` +
    "wait longer with Prefer: wait=<seconds>, or take the answer as it is with ?stale=allow";
  return new PlatformError("NOT_YET", detail, {
    facts: { projection, eventsBehindToken: behind, gapEvents: await ends.gap(reached) },
  });
}

/** What `Prefer: wait=<s>` asks for, else `otherwise`. */
export function waitSecondsOf(request: RouteRequest, otherwise: number): number {
  const text = request.raw.get("Prefer");
  if (text === undefined) return otherwise;
  const seconds = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/.exec(text)?.[1];
  if (seconds === undefined) return otherwise;
  return Math.min(Number(seconds), LONGEST_WAIT_SECONDS);
}
