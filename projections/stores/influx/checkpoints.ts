import type { PartitionKey } from "../../../platform/log/log.ts";
import { NO_CLAIM } from "../../runner/checkpoint-rows.ts";
import type { Value } from "../../runner/projection.ts";
import type { Batch, Causes, Checkpoint, ParkedStream } from "../../runner/read-store.ts";
import { storableText } from "../../runner/stored-table.ts";
import type { InfluxClient } from "./client.ts";
import type { InfluxSeries } from "./query.ts";
import { fieldText, tagText, textOfTag, timeText } from "./text.ts";

/** More than there are writers at once: the owner of a partition, and a few who were before it. */
const NEWEST = 8;

/**
 * The checkpoint is a point at its own position, written when everything before that position is
 * there, and read as the newest: so it never goes back, whoever wakes up late.
 *
 *   _checkpoints,partition=market.events/0 next=7i,epoch=1i,logId="…",… 7
 *   _parked,partition=market.events/0,stream=binance:BTC-USDT position=5i,sequence=3i,reason="…" 5
 *   _released,partition=market.events/0,stream=binance:BTC-USDT
 *     through=7i,isParked=false,sequence=0i,reason="" 7
 *
 * A stream is parked from where it was first, and only once the checkpoint has passed that. One
 * that was released is parked where its newest `_released` says so, else from where it was first
 * after that. All three only grow, and there are as many `_parked` as a stream was parked anew.
 *
 * The server shows a point whose writing is under way with some of its fields only: such a one is
 * not there yet, and the newest whole one counts.
 */
const STATEMENTS = [
  `SELECT "next", "epoch", "logId", "highestClaim", "recordedAtMs", "causes" FROM "_checkpoints"
   WHERE time >= 0 AND time <= ? GROUP BY "partition" ORDER BY time DESC LIMIT ${NEWEST}`,
  `SELECT "position", "sequence", "reason" FROM "_parked"
   WHERE time >= 0 AND time <= ? GROUP BY "partition", "stream" ORDER BY time ASC`,
  `SELECT "through", "isParked", "sequence", "reason" FROM "_released"
   WHERE time >= 0 AND time <= ? GROUP BY "partition", "stream" ORDER BY time DESC LIMIT ${NEWEST}`,
];

export async function readCheckpoints(
  client: InfluxClient,
  database: string,
): Promise<Map<PartitionKey, Checkpoint>> {
  const statements = STATEMENTS.map((text) => ({ text, values: [Number.MAX_SAFE_INTEGER] }));
  const answers = await client.query(database, statements);
  const [checkpoints = [], parked = [], released = []] = answers.map(whole);
  const releasedThrough = new Map(released.map((series) => [streamKey(series), series]));
  const found = checkpoints.map((series) => checkpointOf(series, { parked, releasedThrough }));
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Without points that are being written, and without series that have no others. */
function whole(all: readonly InfluxSeries[]): InfluxSeries[] {
  return all
    .map((series) => ({ ...series, values: series.values.filter((row) => !row.includes(null)) }))
    .filter(({ values }) => values.length > 0);
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

/** Of streams that are parked anew; those that were released to there have a line of that. */
export function parkedLines({ partition, parked, released }: Batch): string[] {
  const anew = parked.filter(({ stream }) => !released.includes(stream));
  return anew.map(({ stream, position, sequence, reason }) => {
    const why = fieldText(storableText(reason));
    const fields = `position=${position}i,sequence=${sequence}i,reason=${why}`;
    return `_parked,${streamTags(partition, stream)} ${fields} ${timeText(0, position)}`;
  });
}

/** Written when the rows are there: what is read before that is parked as it was. */
export function releasedLines({ partition, parked, released, next }: Batch): string[] {
  return released.map((stream) => {
    const still = parked.find((one) => one.stream === stream);
    const through = still?.position ?? next;
    const why = fieldText(storableText(still?.reason ?? ""));
    const parts = [`through=${through}i`, `isParked=${still !== undefined}`];
    parts.push(`sequence=${still?.sequence ?? 0}i`, `reason=${why}`);
    return `_released,${streamTags(partition, stream)} ${parts.join()} ${timeText(0, through)}`;
  });
}

function streamTags(partition: PartitionKey, stream: string): string {
  return `partition=${tagText(partition)},stream=${tagText(stream)}`;
}

function mergedCauses(before: Causes, more: Causes): Causes {
  const merged = new Map(before);
  for (const [source, next] of more) merged.set(source, Math.max(next, merged.get(source) ?? 0));
  return merged;
}

function checkpointOf(
  series: InfluxSeries,
  all: { readonly parked: readonly InfluxSeries[]; readonly releasedThrough: ReleasedThrough },
): [PartitionKey, Checkpoint] {
  const tag = series.tags?.["partition"] ?? "";
  const [, next, epoch, logId, highestClaim, recordedAtMs, causes] = firstOf(series);
  const parked = all.parked
    .filter(({ tags }) => tags?.["partition"] === tag)
    .flatMap((one) => parkedOf(one, all.releasedThrough.get(streamKey(one))))
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

type ReleasedThrough = ReadonlyMap<string, InfluxSeries>;

function streamKey({ tags }: InfluxSeries): string {
  return JSON.stringify([tags?.["partition"], tags?.["stream"]]);
}

/** Where the stream is parked, which has been so at least once. */
function parkedOf(series: InfluxSeries, released: InfluxSeries | undefined): ParkedStream[] {
  const stream = textOfTag(series.tags?.["stream"] ?? "");
  const [, through, isParked, ...moved] =
    released === undefined ? [0, 0, false] : firstOf(released);
  if (isParked === true) return [parkedAt(stream, [through ?? 0, ...moved])];
  const anew = series.values.find(([, position]) => Number(position) >= Number(through));
  return anew === undefined ? [] : [parkedAt(stream, anew.slice(1))];
}

function parkedAt(stream: string, values: readonly Value[]): ParkedStream {
  const [position, sequence, reason] = values;
  return {
    stream,
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
