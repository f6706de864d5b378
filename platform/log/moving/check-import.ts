import type { EventReader } from "../../codec/codec.ts";
import { ContentDigest } from "../content-digest.ts";
import type { LogReader } from "../log.ts";
import { verifyLog } from "../verify.ts";
import type { Manifest } from "./manifest.ts";
import { MoveRefused } from "./move-refused.ts";
import { PartitionEvents } from "./partition-events.ts";

const WHAT_NOW = "do not use this log: remove it, verify the exported one, export and import again";

/** Reads the new log back: it is sound, and says of every topic what the exported one said. */
export async function assertImported(
  parts: { readonly log: LogReader; readonly codec: EventReader },
  { topics }: Manifest,
): Promise<void> {
  for (const { topic, events, contentDigest } of topics) {
    const found = await contentOf(parts.log, topic);
    if (found.events === events && found.contentDigest === contentDigest) continue;
    const detail = `${topic} has ${found.events} events of digest ${found.contentDigest}`;
    throw new MoveRefused(`${detail} instead of ${events} of ${contentDigest}`, WHAT_NOW);
  }
  const report = await verifyLog(parts);
  const problem = report.partitions.flatMap(({ problems }) => problems)[0];
  if (report.isSound) return;
  throw new MoveRefused(`the log has ${report.problems} problems: ${problem?.detail}`, WHAT_NOW);
}

async function contentOf(log: LogReader, topic: string) {
  const digest = new ContentDigest();
  let events = 0;
  for (const [partition, end] of (await log.ends(topic)).entries()) {
    for await (const records of new PartitionEvents(log, { topic, partition }).upTo(end)) {
      for (const record of records) digest.add(record);
      events += records.length;
    }
  }
  return { events, contentDigest: digest.text() };
}
