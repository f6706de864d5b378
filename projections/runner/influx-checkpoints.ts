import type { PartitionKey } from "../../platform/log/log.ts";
import { NO_CLAIM } from "./checkpoint-rows.ts";
import type { InfluxClient } from "./influx-client.ts";
import type { InfluxSeries } from "./influx-query.ts";
import { fieldText, tagText, textOfTag, timeText } from "./influx-text.ts";
import type { Value } from "./projection.ts";
import type { Batch, Causes, Checkpoint, ParkedStream } from "./read-store.ts";
import { storableText } from "./stored-table.ts";

/**
 * The checkpoint is a point at its own position, written when everything before that position is
 * there, and read as the newest: so it never goes back, whoever wakes up late.
 *
 *   _checkpoints,partition=market.events/0 next=7i,epoch=1i,logId="…",… 7
 *   _parked,partition=market.events/0,stream=binance:BTC-USDT sequence=3i,reason="…" 5
 *
 * A stream is parked from where it was first, and only once the checkpoint has passed that.
 */
const STATEMENTS = [
  `SELECT "next", "epoch", "logId", "highestClaim", "recordedAtMs", "causes" FROM "_checkpoints"
   WHERE time >= 0 AND time <= ? GROUP BY "partition" ORDER BY time DESC LIMIT 1`,
  `SELECT "position", "sequence", "reason" FROM "_parked"
   WHERE time >= 0 AND time <= ? GROUP BY "partition", "stream" ORDER BY time ASC LIMIT 1`,
];

export async function readCheckpoints(
  client: InfluxClient,
  database: string,
): Promise<Map<PartitionKey, Checkpoint>> {
  const statements = STATEMENTS.map((text) => ({ text, values: [Number.MAX_SAFE_INTEGER] }));
  const [checkpoints = [], parked = []] = await client.query(database, statements);
  const found = checkpoints.map((series) => checkpointOf(series, parked));
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where a partition stands that nothing was applied of; as `take` gives it. */
export function beginning(logId: string): Checkpoint {
  return {
    next: 0,
    epoch: 0,
    logId,
    highestClaim: NO_CLAIM,
    recordedAtMs: 0,
    parked: [],
    causes: new Map(),
  };
}

/** The checkpoint after the batch; `before` is the one it moves. */
export function checkpointLine(batch: Batch, before: Checkpoint): string {
  const { partition, next, epoch, highestClaim, recordedAtMs } = batch;
  const causes = JSON.stringify([...mergedCauses(before.causes, batch.causes)]);
  const fields = [
    `next=${next}i`,
    `epoch=${epoch}i`,
    `logId=${fieldText(before.logId)}`,
    `highestClaim=${highestClaim}i`,
    `recordedAtMs=${recordedAtMs}i`,
    `causes=${fieldText(causes)}`,
  ];
  return `_checkpoints,partition=${tagText(partition)} ${fields.join()} ${timeText(0, next)}`;
}

export function parkedLines({ partition, parked }: Batch): string[] {
  return parked.map(({ stream, position, sequence, reason }) => {
    const tags = `partition=${tagText(partition)},stream=${tagText(stream)}`;
    const why = fieldText(storableText(reason));
    const fields = `position=${position}i,sequence=${sequence}i,reason=${why}`;
    return `_parked,${tags} ${fields} ${timeText(0, position)}`;
  });
}

function mergedCauses(before: Causes, more: Causes): Causes {
  const merged = new Map(before);
  for (const [source, next] of more) merged.set(source, Math.max(next, merged.get(source) ?? 0));
  return merged;
}

function checkpointOf(
  series: InfluxSeries,
  allParked: readonly InfluxSeries[],
): [PartitionKey, Checkpoint] {
  const tag = series.tags?.["partition"] ?? "";
  const [, next, epoch, logId, highestClaim, recordedAtMs, causes] = firstOf(series);
  const parked = allParked
    .filter(({ tags }) => tags?.["partition"] === tag)
    .map(parkedOf)
    .filter(({ position }) => position < Number(next))
    .sort((a, b) => (a.stream < b.stream ? -1 : 1));
  const checkpoint: Checkpoint = {
    next: Number(next),
    epoch: Number(epoch),
    logId: String(logId),
    highestClaim: Number(highestClaim),
    recordedAtMs: Number(recordedAtMs),
    parked,
    causes: new Map(JSON.parse(String(causes)) as [PartitionKey, number][]),
  };
  return [textOfTag(tag) as PartitionKey, checkpoint];
}

function parkedOf(series: InfluxSeries): ParkedStream {
  const [, position, sequence, reason] = firstOf(series);
  return {
    stream: textOfTag(series.tags?.["stream"] ?? ""),
    position: Number(position),
    sequence: Number(sequence),
    reason: String(reason),
  };
}

function firstOf({ name, values }: InfluxSeries): readonly Value[] {
  const [first] = values;
  if (first === undefined) throw new RangeError(`${name}: a series without a point`);
  return first;
}
