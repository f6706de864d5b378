import { createHmac, timingSafeEqual } from "node:crypto";
import type { ZodType } from "zod";
import { PlatformError } from "../errors/catalogue.ts";

/** What signs cursors: CH_CURSOR_SECRET, or the data folder's key. */
export interface CursorKey {
  readonly bytes: Uint8Array;
}

const SIGNATURE_BYTES = 32;
const MAXIMUM_CURSOR_CHARACTERS = 4 * 1024;

/**
 * An opaque place in the answer of one query: base64url of the HMAC-SHA256 over the query's name
 * and the place, then the place itself as JSON. The name keeps a cursor within its query.
 */
export function encodeCursor(key: CursorKey, query: string, place: unknown): string {
  const json = Buffer.from(JSON.stringify(place));
  return Buffer.concat([signatureOf(key, query, json), json]).toString("base64url");
}

/** The place of a cursor that this platform gave for this query; else `INVALID_CURSOR`. */
export function decodeCursor<Place>(
  key: CursorKey,
  query: string,
  { cursor, schema }: { cursor: string; schema: ZodType<Place> },
): Place {
  if (cursor.length > MAXIMUM_CURSOR_CHARACTERS) throw invalidCursor();
  const bytes = Buffer.from(cursor, "base64url");
  const json = bytes.subarray(SIGNATURE_BYTES);
  const signature = bytes.subarray(0, SIGNATURE_BYTES);
  if (signature.length !== SIGNATURE_BYTES || bytes.toString("base64url") !== cursor) {
    throw invalidCursor();
  }
  if (!timingSafeEqual(signature, signatureOf(key, query, json))) throw invalidCursor();
  const place = schema.safeParse(JSON.parse(json.toString("utf8")));
  if (place.success) return place.data;
  throw invalidCursor();
}

function signatureOf(key: CursorKey, query: string, json: Buffer): Buffer {
  return createHmac("sha256", key.bytes).update(`${query}\n`).update(json).digest();
}

/** Also for a cursor of this query whose place does not fit what is asked. */
export function invalidCursor(): PlatformError {
  return new PlatformError(
    "INVALID_CURSOR",
    "The cursor is not one that this query gave; ask for the first page without a cursor.",
  );
}
