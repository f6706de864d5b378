import type { LogReader } from "../../platform/log/log.ts";
import type { Manifest } from "../../platform/log/moving/manifest.ts";
import { MoveRefused } from "../../platform/log/moving/move-refused.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { type Output, table } from "../output.ts";

/** What of an export or import is printed; schemas stand in the manifest. */
export function printMoved({ logId, topics, subjects }: Manifest, output: Output): void {
  if (output.json) {
    output.value({ logId, topics, subjects: subjects.length });
    return;
  }
  const columns = ["topic", "partitions", "events", "digest of contents"];
  const rows = topics.map(({ topic, partitions, events, contentDigest }) => {
    return [topic, String(partitions), String(events), contentDigest];
  });
  output.line(`exported from log ${logId}, with the schemas of ${subjects.length} subjects`);
  output.line(table(columns, rows, ["partitions", "events"]));
}

/** For `catch`: what the log refuses, as a failure of the verb. */
export function refusedToMove(failed: string, tried: string) {
  return (error: unknown): never => {
    if (!(error instanceof MoveRefused)) throw error;
    const { message, todo } = error;
    throw new Failure(exitCodes.conflict, { failed, error: message, tried, todo });
  };
}

export async function countRecords(log: LogReader): Promise<number> {
  let total = 0;
  for (const topic of (await log.topics()).keys()) {
    for (const end of await log.ends(topic)) total += end;
  }
  return total;
}
