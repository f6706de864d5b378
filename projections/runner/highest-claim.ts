import {
  type LogReader,
  type LogRecord,
  OWNER_KEY,
  type PartitionRef,
} from "../../platform/log/log.ts";
import { NO_CLAIM } from "./checkpoint-rows.ts";

const RECORDS_AT_ONCE = 1_000;
const READ_LIMITS = { maxRecords: RECORDS_AT_ONCE, maxBytes: 4 * 1024 * 1024 };

/** The highest claim before an event that was not void: its own epoch, where that is legible. */
export async function highestClaimAt(
  log: Pick<LogReader, "read">,
  partition: PartitionRef,
  position: number,
): Promise<number> {
  const limits = { ...READ_LIMITS, maxRecords: 1 };
  const [event] = await log.read(partition, position, limits);
  const epoch = Number(event?.headers.ce_epoch);
  if (event?.position === position && Number.isSafeInteger(epoch)) return epoch;
  for (let before = position; before > 0; before -= RECORDS_AT_ONCE) {
    const from = Math.max(0, before - RECORDS_AT_ONCE);
    const claim = await lastClaim(log, partition, { from, before });
    if (claim !== null) return claim.position;
  }
  return NO_CLAIM;
}

async function lastClaim(
  log: Pick<LogReader, "read">,
  partition: PartitionRef,
  { from, before }: { readonly from: number; readonly before: number },
): Promise<LogRecord | null> {
  let found: LogRecord | null = null;
  for (let next = from; next < before; ) {
    const records = await log.read(partition, next, READ_LIMITS);
    const within = records.filter(({ position }) => position < before);
    found = within.findLast(({ key }) => key === OWNER_KEY) ?? found;
    next = (within.at(-1)?.position ?? before) + 1;
  }
  return found;
}
