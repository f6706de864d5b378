import { isControl } from "../../platform/codec/codec.ts";
import { type LogReader, type PartitionRef, partitionKey } from "../../platform/log/log.ts";
import type { ProcessStore, Start } from "./process-store.ts";

/** Records at the beginning of a partition that may be claims alone. */
const CONTROL_RECORDS_LOOKED_AT = 1_000;
const LOOK_BYTES = 1024 * 1024;

/** Where an operator wants a manager without a store to start. */
export type StartWish = "end" | "beginning";

/**
 * Records from where on a manager that has no store yet acts: at the end of the log, because what
 * came before may have been acted on; in a log without events that is the beginning. Gives what was
 * recorded now: none when the store was there.
 */
export async function recordStarts(parts: {
  readonly store: ProcessStore;
  readonly log: LogReader;
  readonly topics: readonly string[];
  readonly wish: StartWish;
  readonly nowMs: number;
}): Promise<readonly Start[]> {
  const { store, log, topics } = parts;
  const known = await store.starts();
  const starts: Start[] = [];
  for (const topic of topics) {
    const ends = await log.ends(topic);
    for (const [partition, end] of ends.entries()) {
      const ref = { topic, partition };
      if (known.has(partitionKey(ref))) continue;
      starts.push(await startOf(ref, end, parts));
    }
  }
  if (starts.length > 0) await store.recordStarts(starts);
  return starts;
}

async function startOf(
  ref: PartitionRef,
  end: number,
  { log, wish, nowMs }: Pick<Parameters<typeof recordStarts>[0], "log" | "wish" | "nowMs">,
): Promise<Start> {
  const at = { partition: partitionKey(ref), atMs: nowMs };
  if (wish === "beginning") return { ...at, position: 0, reason: "operator" };
  if (await isWithoutEvents(log, ref, end)) return { ...at, position: 0, reason: "new log" };
  return { ...at, position: end, reason: "end of the log" };
}

async function isWithoutEvents(log: LogReader, ref: PartitionRef, end: number): Promise<boolean> {
  if (end > CONTROL_RECORDS_LOOKED_AT) return false;
  const limits = { maxRecords: CONTROL_RECORDS_LOOKED_AT, maxBytes: LOOK_BYTES };
  return (await log.read(ref, 0, limits)).every(isControl);
}
