import { z } from "zod";
import type { RouteRequest } from "../../platform/http/route.ts";
import type { Positions } from "../../platform/log/log.ts";
import { waitSecondsOf } from "../reading/token-wait.ts";
import type { Past, PastQuestion } from "./past.ts";

/** How long an answer waits for what is built first, where the request does not say. */
const WAIT_SECONDS = 2;

/** What an answer about the past says beside its data. */
export const asOfField = {
  asOf: z.string().optional().describe("The moment that was asked about, by its time"),
};

/** `stream`: see `PastQuestion`. `null`: the request asks about now. */
export function pastQuestionOf(
  request: RouteRequest,
  names: readonly string[],
  stream: string | null = null,
): PastQuestion | null {
  const { asOf } = request.query;
  if (typeof asOf !== "string") return null;
  return { asOf, names, stream, waitMs: waitSecondsOf(request, WAIT_SECONDS) * 1000 };
}

/** Where a read model of the moment stands, whatever of it was built for the answer. */
export function positionsThen({ cut }: Past, built: Positions): Positions {
  return new Map([...built.keys()].map((key) => [key, cut.positions.get(key) ?? 0]));
}

/** `lagSeconds` is of the moment: above 0 where an event of it is left out for its cause. */
export function freshnessThen({ timeMs, cut }: Past, positions: Positions) {
  const asOf = new Date(timeMs).toISOString();
  return { position: Object.fromEntries(positions), lagSeconds: cut.lagMs / 1000, asOf };
}
