import type { Response } from "express";
import { z } from "zod";
import { operators } from "../../../platform/access/roles.ts";
import { type EventReader, isControl } from "../../../platform/codec/codec.ts";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { parseJson } from "../../../platform/http/json.ts";
import type { Route, RouteRequest } from "../../../platform/http/route.ts";
import { partitionOf } from "../../../platform/kernel/hash.ts";
import type { LogReader } from "../../../platform/log/log.ts";
import type { TicksQuarantined } from "../../../schemas/generated/market-data.ts";
import { quarantine } from "./quarantine/index.ts";
import { recordAndAnswer, type TickParts, ticksAnswers } from "./tick-answer.ts";

const READ_LIMITS = { maxRecords: 500, maxBytes: 4 * 1024 * 1024 };

export interface ReplayParts extends TickParts {
  readonly log: LogReader;
  readonly codec: EventReader;
}

/**
 * `POST /v1/quarantines/{id}/replay`: the ticks that were set aside under this exchange and symbol
 * are taken in as if they came now. Those that are known are duplicates, those that still cannot
 * be recorded stay where they are, so it may be asked for again at any time.
 */
export function replayRoute(parts: ReplayParts): Route {
  return {
    method: "POST",
    path: `/v1/${quarantine.collection}/{id}/replay`,
    operationId: "replayQuarantine",
    tag: quarantine.context,
    summary: "Take in the ticks that were set aside, after the instrument was registered",
    access: operators,
    pathParameters: z.strictObject({ id: quarantine.id }),
    pathExample: { id: quarantine.idExample },
    query: null,
    body: null,
    headers: [],
    answers: ticksAnswers,
    handle: (request, response) => replay(request, response, parts),
  };
}

function replay(request: RouteRequest, response: Response, parts: ReplayParts): Promise<void> {
  const ticks = quarantinedTicks(request.path["id"] as string, parts);
  const feed = { source: "backfill", feedSession: "" } as const;
  return recordAndAnswer({ request, response, ticks, feed }, parts);
}

async function* quarantinedTicks(id: string, { log, codec }: ReplayParts): AsyncGenerator<unknown> {
  const { topic } = quarantine;
  const ends = await log.ends(topic);
  const partition = partitionOf(id, ends.length);
  // What this replay sets aside again stands behind this end, and is not read again.
  const end = ends[partition] as number;
  let position = 0;
  while (position < end) {
    const records = await log.read({ topic, partition }, position, READ_LIMITS);
    await codec.prepare(records);
    for (const record of records) {
      position = record.position + 1;
      if (record.key !== id || isControl(record) || record.position >= end) continue;
      const { event } = codec.decode(topic, partition, record);
      for (const text of (event.data as TicksQuarantined).ticks) yield tickOf(text);
    }
    if (records.length === 0) return;
  }
}

/** What a command set aside need not be JSON: such a text is rejected like any other bad tick. */
function tickOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof PlatformError) return text;
    throw error;
  }
}
