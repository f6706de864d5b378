import type { PartitionKey } from "../../../platform/log/log.ts";
import {
  checkpointsOf,
  foreignLog,
  NO_CLAIM,
  SELECT_CAUSES,
  SELECT_CHECKPOINTS,
  SELECT_PARKED,
} from "../../runner/checkpoint-rows.ts";
import type { Checkpoint } from "../../runner/read-store.ts";
import { type SqlRow, text } from "../../runner/sql-row.ts";
import type { PostgresPool, PostgresSession } from "./pool.ts";
import { beginIn } from "./schema.ts";

type Checkpoints = Map<PartitionKey, Checkpoint>;

/** Raises the partition's epoch; the statement is atomic, so two takers never get the same one. */
export async function raiseEpoch(
  session: PostgresSession,
  partition: PartitionKey,
  logId: string,
): Promise<void> {
  const taken = await session.query({
    text: `INSERT INTO "_checkpoints" AS c
             ("partition", "next", "epoch", "logId", "highestClaim", "recordedAtMs")
           VALUES ($1, 0, 1, $2, ${NO_CLAIM}, 0)
           ON CONFLICT ("partition") DO UPDATE SET "epoch" = c."epoch" + 1 RETURNING "logId"`,
    values: [partition, logId],
  });
  const checkpointLogId = text(taken[0] as SqlRow, "logId");
  if (checkpointLogId !== logId) throw foreignLog({ partition, checkpointLogId, logId });
}

/** Of all partitions, where the transaction sees the partition's row as it is now. */
export async function readCheckpoints(session: PostgresSession): Promise<Checkpoints> {
  const [checkpoints = [], parked = [], causes = []] = await session.script(READ);
  return checkpointsOf({ checkpoints, parked, causes });
}

/** Runs `work` in a read-only transaction on one state of the generation, with its checkpoints. */
export async function readGeneration<T>(
  pool: PostgresPool,
  schema: string,
  work: (session: PostgresSession, checkpoints: Checkpoints) => Promise<T>,
): Promise<T> {
  const begin = `${beginIn(schema, "ISOLATION LEVEL REPEATABLE READ READ ONLY")}; ${READ}`;
  return pool.transaction(begin, (session, [, , checkpoints = [], parked = [], causes = []]) => {
    return work(session, checkpointsOf({ checkpoints, parked, causes }));
  });
}

const READ = [SELECT_CHECKPOINTS, SELECT_PARKED, SELECT_CAUSES].join("; ");
