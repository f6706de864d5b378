import type { AppendResult, Log, NewRecord, PartitionRef, Reign } from "../log.ts";
import { partitionKey } from "../log.ts";
import { type CreateTopics, createTopics, type KafkaTopic } from "./create-topics.ts";
import { FencedPartition } from "./fenced-partition.ts";
import { KafkaCluster, type KafkaSettings } from "./kafka-cluster.ts";
import { KafkaLogReader } from "./kafka-log-reader.ts";

/** A broker answers one request of a connection after another; so many connections write. */
const WRITING_CONNECTIONS = 4;

export interface OpenKafkaLog
  extends Pick<CreateTopics, "topics" | "replicationFactor" | "encodeLogCreated" | "sizes"> {
  readonly settings: KafkaSettings;
}

/** Opens the log for the command side; creates topics and their first records where missing. */
export async function openKafkaLog(options: OpenKafkaLog): Promise<KafkaLog> {
  const reader = new KafkaLogReader(await KafkaCluster.connect(options.settings));
  const writers: KafkaCluster[] = [];
  try {
    await createTopics({ ...options, cluster: reader.cluster, reader });
    for (let index = 0; index < WRITING_CONNECTIONS; index += 1) {
      writers.push(await KafkaCluster.connect(options.settings));
    }
    return new KafkaLog(reader, writers, options.topics);
  } catch (error) {
    await Promise.all([reader, ...writers].map((one) => one.close()));
    throw error;
  }
}

/** The log on Kafka: reads by position, and one fenced producer per partition that is claimed. */
export class KafkaLog implements Log {
  readonly #reader: KafkaLogReader;
  readonly #writers: readonly KafkaCluster[];
  readonly #topics: ReadonlyMap<string, KafkaTopic>;
  readonly #partitions = new Map<string, FencedPartition>();
  #underWay = new Set<Promise<unknown>>();

  constructor(
    reader: KafkaLogReader,
    writers: readonly KafkaCluster[],
    topics: readonly KafkaTopic[],
  ) {
    this.#reader = reader;
    this.#writers = writers;
    this.#topics = new Map(topics.map((one) => [one.topic, one]));
  }

  topics: Log["topics"] = () => this.#reader.topics();
  logId: Log["logId"] = () => this.#reader.logId();
  read: Log["read"] = (...asked) => this.#reader.read(...asked);
  ends: Log["ends"] = (topic) => this.#reader.ends(topic);
  endsAt: Log["endsAt"] = (topic, timestampMs) => this.#reader.endsAt(topic, timestampMs);
  onAppended: Log["onAppended"] = (listener) => this.#reader.onAppended(listener);

  async claim(partition: PartitionRef, claim: NewRecord): Promise<Reign> {
    await this.#reader.assertPartition(partition);
    return this.#tracked(this.#fenced(partition).claim(claim));
  }

  async append(
    reign: Reign,
    expectedEnd: number,
    records: readonly NewRecord[],
  ): Promise<AppendResult> {
    // Of a partition that this process has claimed it is known that it exists.
    if (!this.#partitions.has(partitionKey(reign))) await this.#reader.assertPartition(reign);
    return this.#tracked(this.#fenced(reign).append(reign, expectedEnd, records));
  }

  async stillReigns(reign: Reign): Promise<boolean> {
    await this.#reader.assertPartition(reign);
    return this.#fenced(reign).stillReigns(reign);
  }

  /** What is under way comes to its end first. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#underWay]);
    await Promise.all(this.#writers.map((writer) => writer.close()));
    await this.#reader.close();
  }

  #fenced(ref: PartitionRef): FencedPartition {
    const { topic, partition } = ref;
    const key = partitionKey(ref);
    const known = this.#partitions.get(key);
    if (known !== undefined) return known;
    const cluster = this.#writers[partition % this.#writers.length] as KafkaCluster;
    const compression = this.#topics.get(topic)?.compression ?? "none";
    const parts = { cluster, reader: this.#reader, partition: { topic, partition }, compression };
    const fenced = new FencedPartition(parts);
    this.#partitions.set(key, fenced);
    return fenced;
  }

  async #tracked<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }
}
