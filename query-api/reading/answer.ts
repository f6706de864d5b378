import { createHash } from "node:crypto";
import type { Response } from "express";
import { encodeConsistencyToken } from "../../platform/http/consistency-token.ts";
import type { RouteRequest } from "../../platform/http/route.ts";
import { type LogReader, type Positions, parsePartitionKey } from "../../platform/log/log.ts";
import type { LogEnds } from "./log-ends.ts";

export interface AnswerParts {
  readonly log: LogReader;
  readonly ends: LogEnds;
  readonly clock: () => number;
}

/** An answer as it goes out: what is told in it, and what decides whether it has changed. */
export interface Outgoing {
  readonly positions: Positions;
  /** Which generations it was read from; part of the ETag. */
  readonly generation: string;
  /** What a reader would call the answer: a change of it changes the ETag. */
  readonly content: object;
  /** All of the answer. */
  readonly body: object;
}

/** Sends the answer with its ETag and consistency token; 304 to who has it already. */
export async function sendAnswer(
  response: Response,
  request: RouteRequest,
  { outgoing, log }: { readonly outgoing: Outgoing; readonly log: LogReader },
): Promise<void> {
  const { positions, generation, content, body } = outgoing;
  const hash = createHash("sha256").update(JSON.stringify(content)).digest("base64url");
  const etag = `"${generation}-${hash.slice(0, 22)}"`;
  response.set("ETag", etag);
  response.set("Cache-Control", "no-cache");
  const logId = await log.logId();
  response.set("Consistency-Token", encodeConsistencyToken({ logId, positions }));
  if (matches(request.raw.get("If-None-Match"), etag)) {
    response.status(304).end();
    return;
  }
  response.status(200).json(body);
}

const ONE_RECORD = { maxRecords: 1, maxBytes: 1 };

/** Age of the oldest record not applied yet; 0 when there is none. */
export async function lagSecondsAt(
  positions: Positions,
  { log, ends, clock }: AnswerParts,
): Promise<number> {
  let oldestMs = clock();
  for (const [key, position] of positions) {
    if ((await ends.gapOf(key, position)) === 0) continue;
    const [record] = await log.read(parsePartitionKey(key), position, ONE_RECORD);
    if (record) oldestMs = Math.min(oldestMs, record.timestampMs);
  }
  return (clock() - oldestMs) / 1000;
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header === "*" || header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}
