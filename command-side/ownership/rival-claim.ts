import { type EventCodec, OWNER_KEY } from "../../platform/codec/codec.ts";
import type { LogReader, LogRecord, PartitionRef } from "../../platform/log/log.ts";
import type { PlatformEvent } from "../../schemas/generated/platform.ts";

const READ_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

export interface RivalParts {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly partition: PartitionRef;
  /** Who asks: claims under this name are its own, also those whose answer was lost. */
  readonly owner: string;
}

/** True when another owner has claimed the partition after the reign that began at `epoch`. */
export async function hasRivalClaim(parts: RivalParts, epoch: number): Promise<boolean> {
  const { log, partition } = parts;
  let next = epoch + 1;
  for (;;) {
    const records = await log.read(partition, next, READ_LIMITS);
    if (records.length === 0) return false;
    const claims = records.filter(({ key }) => key === OWNER_KEY);
    await parts.codec.prepare(claims);
    if (claims.some((claim) => ownerOf(claim, parts) !== parts.owner)) return true;
    next = (records.at(-1) as LogRecord).position + 1;
  }
}

function ownerOf(claim: LogRecord, { codec, partition }: RivalParts): string {
  const { event } = codec.decode(partition.topic, partition.partition, claim);
  // The key is that of claims alone.
  return (event as PlatformEvent & { type: "PartitionClaimed" }).data.owner;
}
