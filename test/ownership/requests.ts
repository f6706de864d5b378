import { v4 as uuid } from "uuid";
import type { Accepted, CommandOutcome, CommandRequest } from "../../command-side/gateway.ts";
import { OWNER_KEY } from "../../platform/codec/codec.ts";
import type { Log } from "../../platform/log/log.ts";

export const partition = { topic: "operations.events", partition: 0 };

export function start(aggregateId: string): CommandRequest {
  return {
    aggregate: "projection",
    aggregateId,
    command: { type: "StartGeneration", data: { version: 1, reason: "test" } },
    commandId: uuid(),
    expectedVersion: null,
    actor: "test",
    authority: "all",
    correlationId: uuid(),
    causationId: null,
    causationPosition: null,
    traceparent: null,
  };
}

export function accepted(outcome: CommandOutcome | undefined): Accepted {
  if (outcome?.outcome === "accepted") return outcome;
  throw new Error(`expected an accepted command: ${JSON.stringify(outcome)}`);
}

export async function eventCount(log: Log): Promise<number> {
  const limits = { maxRecords: 100_000, maxBytes: 1e9 };
  const records = await log.read(partition, 0, limits);
  return records.filter((record) => !record.key.startsWith("~")).length;
}

export async function claimCount(log: Log): Promise<number> {
  const limits = { maxRecords: 100_000, maxBytes: 1e9 };
  const records = await log.read(partition, 0, limits);
  return records.filter((record) => record.key === OWNER_KEY).length;
}
