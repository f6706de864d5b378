import type { Response } from "express";
import { z } from "zod";
import { encodeConsistencyToken } from "../../../platform/http/consistency-token.ts";
import type { RouteAnswer, RouteRequest } from "../../../platform/http/route.ts";
import type { PartitionKey } from "../../../platform/log/log.ts";
import { ticksTotal } from "../../../platform/telemetry/metrics.ts";
import { authorityOf } from "../../aggregate.ts";
import type { CommandGateway } from "../../gateway.ts";
import type { InstrumentDirectory } from "./instrument-directory.ts";
import { TickService } from "./tick-service.ts";
import type { TickCounts, TickFeed } from "./tick-session.ts";

const count = z.int().min(0);

const ticksAnswer = z.object({
  accepted: count,
  duplicates: count,
  beyondHorizon: count,
  rejected: count,
  quarantined: count,
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
});

export const ticksAnswers: readonly RouteAnswer[] = [
  {
    status: 200,
    description: "The counts add up to the ticks sent; the first errors are listed",
    contentType: "application/json",
    schema: ticksAnswer,
  },
];

/** What ticks need to find their instruments and become commands. */
export interface TickParts {
  readonly directory: InstrumentDirectory;
  readonly gateway: CommandGateway;
  /** Brings the directory up to what any process has acknowledged. */
  readonly refresh: () => Promise<void>;
}

export interface TicksAsked {
  readonly request: RouteRequest;
  readonly response: Response;
  readonly ticks: AsyncIterable<unknown> | Iterable<unknown>;
  readonly feed: TickFeed;
}

/**
 * Takes the ticks in and answers with what became of them. An instrument that was registered before
 * the request came is known, whichever process has registered it.
 */
export async function recordAndAnswer(asked: TicksAsked, parts: TickParts): Promise<void> {
  await parts.refresh();
  const service = serviceFor(asked.request, parts);
  const { counts, logId, positions } = await service.record(asked.ticks, asked.feed);
  measure(counts);
  if (logId !== null) {
    const vector = positions as ReadonlyMap<PartitionKey, number>;
    asked.response.set("Consistency-Token", encodeConsistencyToken({ logId, positions: vector }));
  }
  asked.response.json(counts);
}

function serviceFor({ identity }: RouteRequest, { directory, gateway }: TickParts): TickService {
  const { actor, role, correlationId, traceparent } = identity;
  return new TickService({
    directory,
    submit: (command) => {
      return gateway.submit({
        ...command,
        expectedVersion: null,
        actor,
        authority: authorityOf(role),
        correlationId,
        causationId: null,
        causationPosition: null,
        traceparent,
      });
    },
  });
}

function measure(counts: TickCounts): void {
  ticksTotal.inc({ outcome: "accepted" }, counts.accepted);
  ticksTotal.inc({ outcome: "duplicate" }, counts.duplicates);
  ticksTotal.inc({ outcome: "beyond_horizon" }, counts.beyondHorizon);
  ticksTotal.inc({ outcome: "rejected" }, counts.rejected);
  ticksTotal.inc({ outcome: "quarantined" }, counts.quarantined);
}
