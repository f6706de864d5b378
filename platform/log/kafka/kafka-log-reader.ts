import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../errors/catalogue.ts";
import {
  type LogReader,
  type LogRecord,
  type Moved,
  OWNER_KEY,
  type PartitionKey,
  type PartitionRef,
  partitionKey,
  type ReadLimits,
  recordBytes,
} from "../log.ts";
import { AppendWatch } from "./append-watch.ts";
import { KafkaCluster, type KafkaSettings } from "./kafka-cluster.ts";
import { isOutOfRange, isPassing } from "./kafka-errors.ts";
import { listEnds, listEndsAt } from "./list-ends.ts";
import { fetchCall } from "./protocol-calls.ts";

/** What one fetch brings at most; what a caller leaves of it waits for the next. */
const LARGEST_FETCH_BYTES = 4 * 1024 * 1024;
/** Fetched of each record that is asked for; compressed ones are smaller, and more come. */
const BYTES_A_RECORD = 1024;
/** A question is asked again while leaders move: for about 15 seconds. */
const TRIES = 36;
const PAUSE_MILLISECONDS = 25;
const LONGEST_PAUSE_MILLISECONDS = 500;
/** The log's id stands in a header of each partition's first record. */
export const LOG_ID_HEADER = "ce_logid";

export async function openKafkaLogReader(settings: KafkaSettings): Promise<KafkaLogReader> {
  const reader = new KafkaLogReader(await KafkaCluster.connect(settings));
  try {
    await reader.logId();
    for (const topic of reader.cluster.topicSizes().keys()) await reader.ends(topic);
    return reader;
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/**
 * Reads by position, without a consumer group: who reads what, and from where, is decided by
 * checkpoints in the read stores, not by the client.
 */
export class KafkaLogReader implements LogReader {
  readonly cluster: KafkaCluster;
  readonly #watch: AppendWatch;
  /** What the last fetch of a partition brought beyond what was asked for. */
  readonly #leftOver = new Map<string, readonly LogRecord[]>();
  /** The ends that this process has come to know by reading and appending. */
  readonly #seen = new Map<PartitionKey, number>();
  #logId: string | null = null;

  constructor(cluster: KafkaCluster) {
    this.cluster = cluster;
    this.#watch = new AppendWatch(cluster.settings);
  }

  async topics(): Promise<ReadonlyMap<string, number>> {
    await this.cluster.refresh();
    return this.cluster.topicSizes();
  }

  async logId(): Promise<string> {
    this.#logId ??= await this.#readLogId();
    return this.#logId;
  }

  async read(partition: PartitionRef, from: number, limits: ReadLimits): Promise<LogRecord[]> {
    if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`no position: ${from}`);
    const key = partitionKey(partition);
    const kept = this.#leftOver.get(key);
    this.#leftOver.delete(key);
    const records = kept?.[0]?.position === from ? [...kept] : [];
    let count = withinLimits(records, limits);
    // Who asks for many and is given few takes that for the end of the log.
    while (count === records.length && count < limits.maxRecords) {
      const next = (records.at(-1)?.position ?? from - 1) + 1;
      if (records.length > 0 && next >= (this.#seen.get(key) ?? 0)) break;
      const more = await this.#fetch(partition, next, limits);
      if (more.length === 0) break;
      records.push(...more);
      count = withinLimits(records, limits);
    }
    if (count < records.length) this.#leftOver.set(key, records.slice(count));
    return records.slice(0, count);
  }

  async ends(topic: string): Promise<readonly number[]> {
    const all = await this.#allOf(topic);
    const ends = await this.#listEnds(all);
    return all.map((partition) => ends.get(partitionKey(partition)) as number);
  }

  async endsAt(topic: string, timestampMs: number): Promise<readonly number[]> {
    const all = await this.#allOf(topic);
    const ends = await this.#patiently(() => listEndsAt(this.cluster, all, timestampMs));
    return all.map((partition) => ends.get(partitionKey(partition)) as number);
  }

  async end(partition: PartitionRef): Promise<number> {
    await this.assertPartition(partition);
    const ends = await this.#listEnds([partition]);
    return ends.get(partitionKey(partition)) as number;
  }

  /** The position of the newest claim, looked for from a position on; null: there is none. */
  async newestClaim(partition: PartitionRef, from: number): Promise<number | null> {
    let newest: number | null = null;
    for (let next = from; ; ) {
      const records = await this.#fetch(partition, next, CLAIMS_READ);
      const last = records.at(-1);
      if (last === undefined) return newest;
      newest = records.findLast(({ key }) => key === OWNER_KEY)?.position ?? newest;
      next = last.position + 1;
    }
  }

  onAppended(listener: (moved: Moved) => void): () => void {
    return this.#watch.subscribe(listener, new Map(this.#seen));
  }

  /** The partition was seen to end here: what stands before is no news to who listens from now. */
  sawEnd(partition: PartitionRef, end: number): void {
    const key = partitionKey(partition);
    this.#seen.set(key, Math.max(end, this.#seen.get(key) ?? 0));
  }

  async close(): Promise<void> {
    await this.#watch.close();
    await this.cluster.close();
  }

  /** Throws where the log has no such partition. */
  async assertPartition(partition: PartitionRef): Promise<void> {
    if (partition.partition < (await this.#partitionsOf(partition.topic))) return;
    throw new RangeError(`the log has no partition ${partitionKey(partition)}`);
  }

  async #allOf(topic: string): Promise<readonly PartitionRef[]> {
    const count = await this.#partitionsOf(topic);
    if (count === 0) throw new RangeError(`the log has no topic ${topic}`);
    return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  }

  /** A topic that is not known may have been made since the cluster was looked at. */
  async #partitionsOf(topic: string): Promise<number> {
    const known = this.cluster.topicSizes().get(topic);
    return known ?? (await this.topics()).get(topic) ?? 0;
  }

  async #fetch(partition: PartitionRef, from: number, limits: ReadLimits) {
    await this.assertPartition(partition);
    const topic = this.cluster.topicName(partition.topic);
    const { maxRecords } = limits;
    const maxBytes = Math.min(LARGEST_FETCH_BYTES, limits.maxBytes, maxRecords * BYTES_A_RECORD);
    const places = [{ topic, partition: partition.partition, from }];
    const call = fetchCall({ places, maxBytes, maxRecords, waitMs: 0 });
    try {
      const [fetched] = await this.#patiently(() => this.cluster.toLeader(partition, call));
      if (fetched !== undefined) this.sawEnd(partition, fetched.end);
      return fetched?.records ?? [];
    } catch (error) {
      if (isOutOfRange(error) && from >= (await this.end(partition))) return [];
      throw this.#notReadable(partition, from, error);
    }
  }

  /** As the first record of some topic names it; `null` where no topic has one. */
  async findLogId(): Promise<string | null> {
    for (const topic of anchorsFirst([...(await this.topics()).keys()])) {
      const [record] = await this.#fetch({ topic, partition: 0 }, 0, CLAIMS_READ);
      const logId = record?.headers[LOG_ID_HEADER];
      if (logId !== undefined) return logId;
    }
    return null;
  }

  async #readLogId(): Promise<string> {
    const logId = await this.findLogId();
    if (logId === null) throw withoutTopics(this.cluster.settings);
    return logId;
  }

  async #listEnds(partitions: readonly PartitionRef[]): Promise<Map<PartitionKey, number>> {
    const ends = await this.#patiently(() => listEnds(this.cluster, partitions));
    for (const partition of partitions) {
      this.sawEnd(partition, ends.get(partitionKey(partition)) as number);
    }
    return ends;
  }

  /** While a leader moves or a broker starts, the same question is asked again. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error) || attempt === TRIES) throw error;
        await sleep(Math.min(LONGEST_PAUSE_MILLISECONDS, PAUSE_MILLISECONDS * attempt));
        await this.cluster.refresh().catch((failed) => {
          if (!isPassing(failed)) throw failed;
        });
      }
    }
  }

  #notReadable(partition: PartitionRef, from: number, cause: unknown): Error {
    const detail = `${partitionKey(partition)} from ${from}: ${(cause as Error).message}`;
    return cause instanceof PlatformError ? cause : new PlatformError("LOG_UNAVAILABLE", detail);
  }
}

/** Whose first record names the log of all, and then the others in a fixed order. */
export function anchorsFirst(topics: readonly string[]): readonly string[] {
  const rank = (topic: string) => (topic === "operations.events" ? 0 : 1);
  return topics.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

const CLAIMS_READ = { maxRecords: 10_000, maxBytes: 1024 * 1024 };

/** How many of the records stay within the limits; one comes even if it alone does not. */
function withinLimits(records: readonly LogRecord[], limits: ReadLimits): number {
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    if (index === limits.maxRecords) return index;
    bytes += recordBytes(record);
    if (index > 0 && bytes > limits.maxBytes) return index;
  }
  return records.length;
}

function withoutTopics({ brokers, topicPrefix }: KafkaSettings): PlatformError {
  const prefixed = topicPrefix === "" ? "" : ` with the prefix ${topicPrefix}`;
  const detail =
    `there is no log on ${brokers.join(", ")}${prefixed}: ` +
    "cipherhorizon topics apply makes the topics, and so does the first command side";
  return new PlatformError("LOG_REFUSED", detail);
}
