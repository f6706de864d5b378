import { PlatformError } from "../errors/catalogue.ts";
import type { PartitionKey, Positions } from "../log/log.ts";

/**
 * Where a reader must have come to show what a command did, or a query answered:
 *
 *     base64url( <logId> "." <topic> ":" <partition> ":" <next position> { "," … } )
 */
export interface ConsistencyToken {
  readonly logId: string;
  readonly positions: Positions;
}

const MAXIMUM_TOKEN_CHARACTERS = 8 * 1024;
const LOG_ID = /^[A-Za-z0-9_-]{1,64}$/;
const ENTRY = /^([a-z][a-z0-9.-]{0,98}):(0|[1-9]\d{0,4}):(0|[1-9]\d{0,15})$/;

/** Entries are sorted: equal vectors have equal tokens. */
export function encodeConsistencyToken({ logId, positions }: ConsistencyToken): string {
  const entries = [...positions].map(([partition, next]) => entryOf(partition, next));
  return Buffer.from(`${logId}.${entries.toSorted().join(",")}`).toString("base64url");
}

/**
 * Reads a token. `INVALID_TOKEN` when it is none; `LOG_MISMATCH` when it is of another log than
 * `logId`: positions of different logs are never compared.
 */
export function parseConsistencyToken(text: string, logId: string): ConsistencyToken {
  const token = decode(text);
  if (token.logId === logId) return token;
  throw new PlatformError(
    "LOG_MISMATCH",
    "The consistency token is of another log; leave it out and ask anew.",
    { facts: { tokenLogId: token.logId, logId } },
  );
}

function decode(text: string): ConsistencyToken {
  if (text.length > MAXIMUM_TOKEN_CHARACTERS) throw invalid();
  const bytes = Buffer.from(text, "base64url");
  if (text === "" || bytes.toString("base64url") !== text) throw invalid();
  const plain = bytes.toString("latin1");
  const dot = plain.indexOf(".");
  const logId = plain.slice(0, Math.max(dot, 0));
  if (!LOG_ID.test(logId)) throw invalid();
  const positions = new Map<PartitionKey, number>();
  for (const entry of plain
    .slice(dot + 1)
    .split(",")
    .filter(Boolean)) {
    const [partition, next] = parseEntry(entry);
    if (positions.has(partition)) throw invalid();
    positions.set(partition, next);
  }
  return { logId, positions };
}

/** `portfolio.events/3` and 17 → `portfolio.events:3:17`. */
function entryOf(partition: PartitionKey, next: number): string {
  const slash = partition.lastIndexOf("/");
  return `${partition.slice(0, slash)}:${partition.slice(slash + 1)}:${next}`;
}

function parseEntry(entry: string): [PartitionKey, number] {
  const parts = ENTRY.exec(entry);
  const next = Number(parts?.[3]);
  if (parts === null || !Number.isSafeInteger(next)) throw invalid();
  return [`${parts[1]}/${Number(parts[2])}`, next];
}

function invalid(): PlatformError {
  return new PlatformError(
    "INVALID_TOKEN",
    "The consistency token is not one that an answer of this platform carried.",
  );
}
