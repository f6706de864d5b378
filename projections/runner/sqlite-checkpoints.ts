import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { Batch, Checkpoint, ParkedStream } from "./read-store.ts";

/** Before the first claim: every event's epoch is above it. */
const NO_CLAIM = -1;

/** Raises the partition's epoch; the statement is atomic, so two takers never get the same one. */
export function raiseEpoch(database: DatabaseSync, partition: PartitionKey, logId: string): void {
  const taken = database
    .prepare(
      `INSERT INTO "_checkpoints"
         ("partition", "next", "epoch", "logId", "highestClaim", "recordedAtMs")
       VALUES (?, 0, 1, ?, ${NO_CLAIM}, 0)
       ON CONFLICT ("partition") DO UPDATE SET "epoch" = "epoch" + 1 RETURNING "logId"`,
    )
    .get(partition, logId);
  if (taken?.logId === logId) return;
  throw new PlatformError(
    "LOG_MISMATCH",
    `the read model's checkpoint of ${partition} is of log ${taken?.logId}, not of ${logId}; ` +
      "build a new generation from this log",
    { facts: { partition, checkpointLogId: taken?.logId, logId } },
  );
}

/** The checkpoints of all partitions. Call it inside a transaction. */
export function readCheckpoints(database: DatabaseSync): Map<PartitionKey, Checkpoint> {
  const parked = readParked(database);
  const causes = readCauses(database);
  const rows = database.prepare('SELECT * FROM "_checkpoints" ORDER BY "partition"').all();
  return new Map(
    rows.map((row) => {
      const partition = asPartitionKey(row.partition);
      const more = {
        parked: parked.get(partition) ?? [],
        causes: causes.get(partition) ?? new Map<PartitionKey, number>(),
      };
      return [partition, checkpointOf(row, more)];
    }),
  );
}

export function readCheckpoint(database: DatabaseSync, partition: PartitionKey): Checkpoint | null {
  return readCheckpoints(database).get(partition) ?? null;
}

function readParked(database: DatabaseSync): Map<PartitionKey, ParkedStream[]> {
  const byPartition = new Map<PartitionKey, ParkedStream[]>();
  const rows = database.prepare('SELECT * FROM "_parked" ORDER BY "partition", "stream"').all();
  for (const row of rows) {
    const partition = asPartitionKey(row.partition);
    const parked = byPartition.get(partition) ?? [];
    byPartition.set(partition, parked);
    parked.push({
      stream: String(row.stream),
      position: Number(row.position),
      sequence: Number(row.sequence),
      reason: String(row.reason),
    });
  }
  return byPartition;
}

function readCauses(database: DatabaseSync): Map<PartitionKey, Map<PartitionKey, number>> {
  const byPartition = new Map<PartitionKey, Map<PartitionKey, number>>();
  for (const row of database.prepare('SELECT * FROM "_causes"').all()) {
    const partition = asPartitionKey(row.partition);
    const causes = byPartition.get(partition) ?? new Map<PartitionKey, number>();
    byPartition.set(partition, causes);
    causes.set(asPartitionKey(row.source), Number(row.next));
  }
  return byPartition;
}

function checkpointOf(
  row: Record<string, SQLOutputValue>,
  more: Pick<Checkpoint, "parked" | "causes">,
): Checkpoint {
  return {
    next: Number(row.next),
    epoch: Number(row.epoch),
    logId: String(row.logId),
    highestClaim: Number(row.highestClaim),
    recordedAtMs: Number(row.recordedAtMs),
    ...more,
  };
}

function asPartitionKey(value: SQLOutputValue | undefined): PartitionKey {
  return String(value) as PartitionKey;
}

/** Statements that every `apply` runs, prepared once. */
export function checkpointStatements(database: DatabaseSync) {
  const select = database.prepare(
    'SELECT "id", "next", "epoch" FROM "_checkpoints" WHERE "partition" = ?',
  );
  const move = database.prepare(
    `UPDATE "_checkpoints" SET "next" = ?, "highestClaim" = ?, "recordedAtMs" = ? WHERE "id" = ?`,
  );
  const park = database.prepare(
    'INSERT INTO "_parked" VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const cause = database.prepare(
    `INSERT INTO "_causes" VALUES (?, ?, ?)
     ON CONFLICT ("partition", "source") DO UPDATE SET "next" = max("next", excluded."next")`,
  );
  return {
    position(partition: PartitionKey): { id: number; next: number; epoch: number } | null {
      const row = select.get(partition);
      if (row === undefined) return null;
      return { id: Number(row.id), next: Number(row.next), epoch: Number(row.epoch) };
    },
    move(id: number, { next, highestClaim, recordedAtMs }: Batch): void {
      move.run(next, highestClaim, recordedAtMs, id);
    },
    park(partition: PartitionKey, { stream, position, sequence, reason }: ParkedStream): void {
      park.run(partition, stream, position, sequence, reason);
    },
    cause(partition: PartitionKey, source: PartitionKey, next: number): void {
      cause.run(partition, source, next);
    },
  };
}

export type CheckpointStatements = ReturnType<typeof checkpointStatements>;
