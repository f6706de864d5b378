import { isDeepStrictEqual } from "node:util";
import neo4j from "neo4j-driver";
import type { PartitionKey } from "../../../platform/log/log.ts";
import { foreignLog, NO_CLAIM, parkedAfter } from "../../runner/checkpoint-rows.ts";
import { NoLongerOpen } from "../../runner/generation-snapshot.ts";
import type { Batch, Checkpoint } from "../../runner/read-store.ts";
import { integer, type SqlRow, text } from "../../runner/sql-row.ts";
import type { Neo4jPool, Neo4jSession } from "./pool.ts";

type Checkpoints = Map<PartitionKey, Checkpoint>;

/**
 * A checkpoint is one node, whichever generation it belongs to:
 *
 *   (:ReadModelCheckpoint {generation: "social_g3", partition: "social.events/0", next: 17,
 *      epoch: 2, logId: "…", highestClaim: 4, recordedAtMs: 1700000000000,
 *      parked: "[{…}]", causes: "[[\"portfolio.events/1\",9]]", lock: true})
 *
 * Neo4j shows what is committed meanwhile, to every statement anew, and even half of a commit. So
 * whoever writes, and whoever wants to know that nobody has written, sets `lock` first: that waits
 * for the transaction of a writer, and keeps others out until one's own ends. What is read after
 * that holds.
 */
const FIND = "MATCH (c:ReadModelCheckpoint {generation: $generation, partition: $partition})";

/** The last of them keeps out those who write. */
const LOOKS = 3;

const PROPERTIES = `c.partition AS partition, c.next AS next, c.epoch AS epoch, c.logId AS logId,
  c.highestClaim AS highestClaim, c.recordedAtMs AS recordedAtMs, c.parked AS parked,
  c.causes AS causes`;

const MAKE_AND_LOCK = `
  MERGE (c:ReadModelCheckpoint {generation: $generation, partition: $partition})
  ON CREATE SET c.next = 0, c.epoch = 0, c.logId = $logId, c.highestClaim = ${NO_CLAIM},
    c.recordedAtMs = 0, c.parked = "[]", c.causes = "[]"
  SET c.lock = true`;

const RAISE_EPOCH = `${FIND} SET c.epoch = c.epoch + 1 RETURN ${PROPERTIES}`;

const LOCK_ONE = `${FIND} SET c.lock = true`;

const READ_ONE = `${FIND} RETURN ${PROPERTIES}`;

const MOVE = `${FIND} SET c.next = $next, c.highestClaim = $highestClaim,
  c.recordedAtMs = $recordedAtMs, c.parked = $parked, c.causes = $causes`;

const OF_GENERATION = `MATCH (c:ReadModelCheckpoint)
  WHERE c.generation = $generation AND c.partition IS NOT NULL`;

const LOCK_ALL = `${OF_GENERATION} WITH c ORDER BY c.partition SET c.lock = true`;

/** One row with the partition null where none was ever taken; none where there is no generation. */
const READ_ALL = `MATCH (g:ReadModelGeneration {name: $generation}) WHERE g.dropping IS NULL
  OPTIONAL ${OF_GENERATION} RETURN ${PROPERTIES} ORDER BY partition`;

/** Raises the partition's epoch; its node is locked, so two takers never get the same one. */
export async function takePartition(
  session: Neo4jSession,
  values: { readonly generation: string; readonly partition: PartitionKey; readonly logId: string },
): Promise<Checkpoint> {
  const { generation, partition, logId } = values;
  await requireGeneration(session, generation);
  await session.run(MAKE_AND_LOCK, values);
  const [row] = await session.run(RAISE_EPOCH, values);
  if (row === undefined) throw new Error(`the checkpoint of ${partition} has vanished`);
  const checkpoint = checkpointOf(row);
  if (checkpoint.logId === logId) return checkpoint;
  throw foreignLog({ partition, checkpointLogId: checkpoint.logId, logId });
}

/** The checkpoint, which nobody else moves until the transaction ends. */
export async function lockCheckpoint(
  session: Neo4jSession,
  generation: string,
  partition: PartitionKey,
): Promise<Checkpoint> {
  const values = { generation, partition };
  const [, [row]] = await Promise.all([
    session.run(LOCK_ONE, values),
    session.run(READ_ONE, values),
  ]);
  if (row === undefined) throw new Error(`${partition} was never taken`);
  return checkpointOf(row);
}

/** Moves the locked checkpoint to where the batch ends. */
export async function moveCheckpoint(
  session: Neo4jSession,
  { generation, from }: { readonly generation: string; readonly from: Checkpoint },
  batch: Batch,
): Promise<void> {
  const { partition, next, highestClaim, recordedAtMs, causes } = batch;
  await session.run(MOVE, {
    ...{ generation, partition },
    next: neo4j.int(next),
    highestClaim: neo4j.int(highestClaim),
    recordedAtMs: neo4j.int(recordedAtMs),
    parked: JSON.stringify(parkedAfter(from.parked, batch)),
    causes: JSON.stringify([...withCauses(from.causes, causes)]),
  });
}

/** Positions as they stand at this moment; rows may be on their way. */
export async function readCheckpoints(
  session: Neo4jSession,
  generation: string,
): Promise<Checkpoints> {
  const rows = await session.run(READ_ALL, { generation });
  if (rows.length === 0) throw new NoLongerOpen();
  const taken = rows.filter(({ partition }) => partition !== null);
  return new Map(taken.map((row) => [text(row, "partition") as PartitionKey, checkpointOf(row)]));
}

/**
 * Runs `work` on one state of the generation, with its checkpoints. It is looked afterwards, with
 * those who write kept out for that moment, whether a batch has come in between; then it is done
 * again, and at last with those who write kept out from the beginning.
 */
export async function readGeneration<T>(
  pool: Neo4jPool,
  generation: string,
  work: (session: Neo4jSession, checkpoints: Checkpoints) => Promise<T>,
): Promise<T> {
  for (let look = 1; look < LOOKS; look += 1) {
    const seen = await pool.look(async (session) => {
      const before = await readCheckpoints(session, generation);
      const result = await work(session, before);
      const after = await readLocked(session, generation);
      return isDeepStrictEqual(before, after) ? { result } : null;
    });
    if (seen !== null) return seen.result;
  }
  return pool.look(async (session) => work(session, await readLocked(session, generation)));
}

async function readLocked(session: Neo4jSession, generation: string): Promise<Checkpoints> {
  const [, checkpoints] = await Promise.all([
    session.run(LOCK_ALL, { generation }),
    readCheckpoints(session, generation),
  ]);
  return checkpoints;
}

async function requireGeneration(session: Neo4jSession, generation: string): Promise<void> {
  const found = await session.run(
    "MATCH (g:ReadModelGeneration {name: $generation}) WHERE g.dropping IS NULL RETURN g.name",
    { generation },
  );
  if (found.length === 0) throw new NoLongerOpen();
}

function withCauses(before: Checkpoint["causes"], more: Checkpoint["causes"]) {
  const merged = new Map(before);
  for (const [source, next] of more) merged.set(source, Math.max(next, merged.get(source) ?? 0));
  return merged;
}

function checkpointOf(row: SqlRow): Checkpoint {
  return {
    next: integer(row, "next"),
    epoch: integer(row, "epoch"),
    logId: text(row, "logId"),
    highestClaim: integer(row, "highestClaim"),
    recordedAtMs: integer(row, "recordedAtMs"),
    // Written by `moveCheckpoint` alone.
    parked: JSON.parse(text(row, "parked")),
    causes: new Map(JSON.parse(text(row, "causes"))),
  };
}
