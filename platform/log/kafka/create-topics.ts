import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs from "kafkajs";
import { PlatformError } from "../../errors/catalogue.ts";
import type { NewRecord, PartitionRef } from "../log.ts";
import { FencedPartition } from "./fenced-partition.ts";
import { clientConfig, type KafkaCluster } from "./kafka-cluster.ts";
import { isPassing, typeOf } from "./kafka-errors.ts";
import { anchorsFirst, type KafkaLogReader, LOG_ID_HEADER } from "./kafka-log-reader.ts";
import type { Compression } from "./record-batch.ts";

// A CommonJS module whose names Node finds in part.
const { Kafka, KafkaJSAggregateError } = kafkajs;

/** A topic as it is made; `configuration` in Kafka's own words. */
export interface KafkaTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly compression: Compression;
  readonly configuration: Readonly<Record<string, string>>;
}

export interface CreateTopics {
  readonly cluster: KafkaCluster;
  readonly reader: KafkaLogReader;
  readonly topics: readonly KafkaTopic[];
  readonly replicationFactor: number;
  /** Whether a topic that has another number of partitions is refused, or taken as it is. */
  readonly sizes: "exact" | "as they are";
  /** The `LogCreated` event that is the first record of each partition of the topic. */
  readonly encodeLogCreated: (topic: string, logId: string) => NewRecord;
}

/** How long the maker of a topic is left to write the first records before somebody else does. */
const FIRST_RECORD_WITHIN_MILLISECONDS = 10_000;
const LOOK_EVERY_MILLISECONDS = 50;
const TOPICS_THERE_WITHIN_MILLISECONDS = 15_000;

/**
 * Makes what is missing: topics, and the first record of each partition, which names the log. Of
 * processes that create at once Kafka lets one make each topic, and that one writes its first
 * records; what a run that was broken off has left out is written by the next.
 */
export async function createTopics(options: CreateTopics): Promise<void> {
  const { cluster, topics, reader } = options;
  await checkSizes(options);
  const missing = topics.filter(({ topic }) => !cluster.topicSizes().has(topic));
  const made = await makeTopics(cluster, missing, options.replicationFactor);
  await untilThere(options);
  await checkSizes(options);
  const [anchor, ...others] = partitionsOf(cluster.topicSizes());
  if (anchor === undefined) return;
  const first: FirstRecord = { ...options, made };
  await writeFirst(first, anchor, (await reader.findLogId()) ?? randomUUID());
  const logId = await reader.logId();
  await Promise.all(others.map((partition) => writeFirst(first, partition, logId)));
}

async function checkSizes({ reader, topics, sizes }: CreateTopics): Promise<void> {
  const existing = await reader.topics();
  if (sizes === "as they are") return;
  for (const { topic, partitions } of topics) {
    const there = existing.get(topic);
    if (there === undefined || there === partitions) continue;
    const detail =
      `topic ${topic} has ${there} partitions in this log and ${partitions} were asked for; ` +
      "the number never changes, because keys would move to other partitions";
    const facts = { topic, existing: there, partitions };
    throw new PlatformError("CONFIG_INVALID", detail, { facts });
  }
}

/**
 * One after another, so that it is known of each whether this process has made it; gives those.
 * Throws `LOG_REFUSED` where this login may not make them.
 */
export async function makeTopics(
  cluster: KafkaCluster,
  missing: readonly KafkaTopic[],
  replicationFactor: number,
): Promise<ReadonlySet<string>> {
  const made = new Set<string>();
  if (missing.length === 0) return made;
  const admin = new Kafka(clientConfig(cluster.settings)).admin();
  await admin.connect();
  try {
    for (const { topic, partitions, configuration } of missing) {
      const entries = Object.entries(configuration);
      const asKafkaHasIt = {
        topic: cluster.topicName(topic),
        numPartitions: partitions,
        replicationFactor,
        configEntries: entries.map(([name, value]) => ({ name, value })),
      };
      const asked = admin.createTopics({ topics: [asKafkaHasIt], waitForLeaders: false });
      const isNew = await asked.catch((error: unknown) => {
        throw isForbidden(error) ? notOurs(topic) : error;
      });
      if (isNew) made.add(topic);
    }
    return made;
  } finally {
    await admin.disconnect();
  }
}

function isForbidden(error: unknown): boolean {
  const causes = error instanceof KafkaJSAggregateError ? error.errors : [];
  return causes.some((cause) => typeOf(cause) === "TOPIC_AUTHORIZATION_FAILED");
}

function notOurs(topic: string): PlatformError {
  const detail =
    `there is no topic ${topic}, or none that this login may see, and it may not make it: ` +
    "cipherhorizon topics apply does, with a login that may";
  return new PlatformError("LOG_REFUSED", detail);
}

/** The partition that names the log comes first. */
function partitionsOf(sizes: ReadonlyMap<string, number>): readonly PartitionRef[] {
  return anchorsFirst([...sizes.keys()]).flatMap((topic) => {
    return Array.from({ length: sizes.get(topic) as number }, (_, partition) => {
      return { topic, partition };
    });
  });
}

/** A topic that was made is known to each broker a moment later, and then it has leaders. */
async function untilThere({ cluster, topics }: CreateTopics): Promise<void> {
  const deadline = performance.now() + TOPICS_THERE_WITHIN_MILLISECONDS;
  for (;;) {
    const looked = await cluster.refresh().then(
      () => null,
      (error: unknown) => error,
    );
    if (looked !== null && !isPassing(looked)) throw looked;
    const missing = topics.filter(({ topic, partitions }) => {
      const last = { topic, partition: Math.max(0, partitions - 1) };
      const size = cluster.topicSizes().get(topic) ?? 0;
      return size === 0 || (size === partitions && (cluster.leaderOf(last) ?? -1) < 0);
    });
    if (looked === null && missing.length === 0) return;
    if (performance.now() > deadline) {
      const names = missing.map(({ topic }) => topic).join(", ");
      throw new PlatformError("LOG_UNAVAILABLE", `topics without leaders: ${names}`);
    }
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}

interface FirstRecord extends CreateTopics {
  /** Topics that this process has made: nobody else writes their first records now. */
  readonly made: ReadonlySet<string>;
}

async function writeFirst(
  { cluster, reader, encodeLogCreated, made }: FirstRecord,
  partition: PartitionRef,
  logId: string,
): Promise<void> {
  const waitMs = made.has(partition.topic) ? 0 : FIRST_RECORD_WITHIN_MILLISECONDS;
  if (await hasFirst(reader, partition, waitMs)) return;
  const record = encodeLogCreated(partition.topic, logId);
  const headers = { ...record.headers, [LOG_ID_HEADER]: logId };
  const fenced = new FencedPartition({ cluster, reader, partition, compression: "none" });
  await fenced.writeFirst({ ...record, headers });
}

async function hasFirst(
  reader: KafkaLogReader,
  partition: PartitionRef,
  waitMs: number,
): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    if ((await reader.end(partition)) > 0) return true;
    if (performance.now() >= deadline) return false;
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}
