import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { PlatformError } from "../../errors/catalogue.ts";
import type { NewRecord, PartitionRef } from "../log.ts";
import { encodeHeaders } from "./headers.ts";
import { insertMeta, readLogId } from "./meta.ts";
import {
  INSERT_RECORD,
  LOG_TABLES,
  openForWriting,
  PARTITIONS_PER_LOG,
  POSITIONS_PER_PARTITION,
  rollBack,
  UNCLAIMED_EPOCH,
} from "./tables.ts";

/** How often creating begins anew because another process was creating the same log. */
const ATTEMPTS = 5;

export interface TopicSize {
  readonly topic: string;
  readonly partitions: number;
}

export interface CreateTopics {
  readonly folder: string;
  readonly topics: readonly TopicSize[];
  /** The `LogCreated` event that is the first record of each partition of the topic. */
  readonly encodeLogCreated: (topic: string, logId: string) => NewRecord;
}

/** What is to be written, encoded before the transaction: an encoder may use the same file. */
interface Plan {
  readonly logId: string;
  readonly isNewLog: boolean;
  readonly missing: readonly (PartitionRef & { readonly first: NewRecord })[];
}

/**
 * Creates what is missing of the tables and topics. Every partition begins with a `LogCreated` of
 * the same log id; the id, its record and the partition's row are one transaction, so that the id
 * of a log that exists is always the one to go on with.
 */
export function createTopics(options: CreateTopics): void {
  const database = openForWriting(options.folder);
  try {
    // A file of a newer format is left as it is.
    if (readLogId(database) === null) database.exec(LOG_TABLES);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (carryOut(database, makePlan(database, options))) return;
    }
    throw new PlatformError("LOG_UNAVAILABLE", "another process keeps changing the log's topics");
  } finally {
    database.close();
  }
}

function makePlan(database: DatabaseSync, options: CreateTopics): Plan {
  const stored = readLogId(database);
  const logId = stored ?? randomUUID();
  const missing = missingPartitions(database, options.topics).map((partition) => {
    return { ...partition, first: options.encodeLogCreated(partition.topic, logId) };
  });
  return { logId, isNewLog: stored === null, missing };
}

function missingPartitions(
  database: DatabaseSync,
  topics: readonly TopicSize[],
): readonly PartitionRef[] {
  return topics.flatMap(({ topic, partitions }) => {
    const existing = countPartitions(database, topic);
    if (existing === partitions) return [];
    if (existing === 0) {
      return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    }
    const detail =
      `topic ${topic} has ${existing} partitions in this log and ${partitions} were asked for; ` +
      "the number never changes, because keys would move to other partitions";
    throw new PlatformError("CONFIG_INVALID", detail, { facts: { topic, existing, partitions } });
  });
}

/** False when another process has changed what the plan was made from. */
function carryOut(database: DatabaseSync, plan: Plan): boolean {
  if (plan.missing.length === 0 && !plan.isNewLog) return true;
  database.exec("BEGIN IMMEDIATE");
  try {
    const isCurrent =
      readLogId(database) === (plan.isNewLog ? null : plan.logId) &&
      plan.missing.every(({ topic }) => countPartitions(database, topic) === 0);
    if (isCurrent) insertAll(database, plan);
    database.exec("COMMIT");
    return isCurrent;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

function insertAll(database: DatabaseSync, { logId, isNewLog, missing }: Plan): void {
  if (isNewLog) insertMeta(database, logId);
  const nextIndex = count(database, "SELECT count(*) AS count FROM partitions");
  if (nextIndex + missing.length > PARTITIONS_PER_LOG) {
    throw new PlatformError("CONFIG_INVALID", `a log has at most ${PARTITIONS_PER_LOG} partitions`);
  }
  for (const [offset, partition] of missing.entries()) {
    insertPartition(database, nextIndex + offset, partition);
  }
}

function insertPartition(
  database: DatabaseSync,
  index: number,
  { topic, partition, first }: PartitionRef & { readonly first: NewRecord },
): void {
  const nowMs = Date.now();
  database
    .prepare("INSERT INTO partitions VALUES (?, ?, ?, ?, ?, ?)")
    .run(index, topic, partition, 1, UNCLAIMED_EPOCH, nowMs);
  const headers = encodeHeaders(first.headers);
  database
    .prepare(INSERT_RECORD)
    .run(index * POSITIONS_PER_PARTITION, nowMs, first.key, headers, first.value);
}

function countPartitions(database: DatabaseSync, topic: string): number {
  return count(database, "SELECT count(*) AS count FROM partitions WHERE topic = ?", topic);
}

function count(database: DatabaseSync, sql: string, ...values: string[]): number {
  return database.prepare(sql).get(...values)?.count as number;
}
