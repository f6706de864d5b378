import type { DatabaseSync } from "node:sqlite";
import type { PartitionKey } from "../../../platform/log/log.ts";
import {
  checkpointsOf,
  foreignLog,
  NO_CLAIM,
  SELECT_CAUSES,
  SELECT_CHECKPOINTS,
  SELECT_PARKED,
} from "../../runner/checkpoint-rows.ts";
import type { Batch, Checkpoint, ParkedStream } from "../../runner/read-store.ts";

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
  throw foreignLog({ partition, checkpointLogId: String(taken?.logId), logId });
}

/** The checkpoints of all partitions. Call it inside a transaction. */
export function readCheckpoints(database: DatabaseSync): Map<PartitionKey, Checkpoint> {
  return checkpointsOf({
    checkpoints: database.prepare(SELECT_CHECKPOINTS).all(),
    parked: database.prepare(SELECT_PARKED).all(),
    causes: database.prepare(SELECT_CAUSES).all(),
  });
}

export function readCheckpoint(database: DatabaseSync, partition: PartitionKey): Checkpoint | null {
  return readCheckpoints(database).get(partition) ?? null;
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
  const release = database.prepare('DELETE FROM "_parked" WHERE "partition" = ? AND "stream" = ?');
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
    release(partition: PartitionKey, stream: string): void {
      release.run(partition, stream);
    },
    cause(partition: PartitionKey, source: PartitionKey, next: number): void {
      cause.run(partition, source, next);
    },
  };
}

export type CheckpointStatements = ReturnType<typeof checkpointStatements>;
