import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { Batch, Checkpoint, ParkedStream } from "./read-store.ts";
import { integer, type SqlRow, text } from "./sql-row.ts";

/**
 * The checkpoint as the SQL stores keep it, in three tables of each generation:
 *
 *   _checkpoints  one row per partition; `id` stands in the rows as `_partition`
 *   _parked       one row per stream set aside
 *   _causes       one row per partition and partition in which its events have their causes
 */
export const SELECT_CHECKPOINTS = 'SELECT * FROM "_checkpoints" ORDER BY "partition"';
export const SELECT_PARKED = 'SELECT * FROM "_parked" ORDER BY "partition", "stream"';
export const SELECT_CAUSES = 'SELECT * FROM "_causes"';

/** Before the first claim: every event's epoch is above it. */
export const NO_CLAIM = -1;

/** The rows of the three tables, read in one transaction. */
export interface CheckpointRows {
  readonly checkpoints: readonly SqlRow[];
  readonly parked: readonly SqlRow[];
  readonly causes: readonly SqlRow[];
}

export function checkpointsOf(rows: CheckpointRows): Map<PartitionKey, Checkpoint> {
  const parked = Map.groupBy(rows.parked, partitionOf);
  const causes = Map.groupBy(rows.causes, partitionOf);
  return new Map(
    rows.checkpoints.map((row) => {
      const partition = partitionOf(row);
      const checkpoint: Checkpoint = {
        next: integer(row, "next"),
        epoch: integer(row, "epoch"),
        logId: text(row, "logId"),
        highestClaim: integer(row, "highestClaim"),
        recordedAtMs: integer(row, "recordedAtMs"),
        parked: (parked.get(partition) ?? []).map(parkedOf),
        causes: new Map((causes.get(partition) ?? []).map(causeOf)),
      };
      return [partition, checkpoint];
    }),
  );
}

/** By stream. One that is parked already stays so from its first event, unless it is released. */
export function parkedAfter(
  before: readonly ParkedStream[],
  { parked, released }: Pick<Batch, "parked" | "released">,
): ParkedStream[] {
  const kept = before.filter(({ stream }) => !released.includes(stream));
  const known = new Set(kept.map(({ stream }) => stream));
  const all = [...kept, ...parked.filter(({ stream }) => !known.has(stream))];
  return all.sort((a, b) => (a.stream < b.stream ? -1 : 1));
}

/** The read model was built from another log than the one that is to be applied. */
export function foreignLog(facts: {
  readonly partition: PartitionKey;
  readonly checkpointLogId: string;
  readonly logId: string;
}): PlatformError {
  const { partition, checkpointLogId, logId } = facts;
  return new PlatformError(
    "LOG_MISMATCH",
    `the read model's checkpoint of ${partition} is of log ${checkpointLogId}, not of ${logId}; ` +
      "build a new generation from this log",
    { facts },
  );
}

function partitionOf(row: SqlRow): PartitionKey {
  return text(row, "partition") as PartitionKey;
}

function parkedOf(row: SqlRow): ParkedStream {
  return {
    stream: text(row, "stream"),
    position: integer(row, "position"),
    sequence: integer(row, "sequence"),
    reason: text(row, "reason"),
  };
}

function causeOf(row: SqlRow): [PartitionKey, number] {
  return [text(row, "source") as PartitionKey, integer(row, "next")];
}
