import { createHash } from "node:crypto";
import type { Response } from "express";
import { encodeConsistencyToken } from "../../platform/http/consistency-token.ts";
import type { RouteRequest } from "../../platform/http/route.ts";
import type { LogReader, Positions } from "../../platform/log/log.ts";
import { matchesEtag } from "./etag.ts";

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
  if (matchesEtag(request.raw.get("If-None-Match"), etag)) {
    response.status(304).end();
    return;
  }
  response.status(200).json(body);
}
