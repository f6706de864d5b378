import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../errors/catalogue.ts";
import { type KafkaTopic, makeTopics } from "../log/kafka/create-topics.ts";
import { KafkaCluster, type KafkaSettings } from "../log/kafka/kafka-cluster.ts";
import { isPassing } from "../log/kafka/kafka-errors.ts";
import { KafkaLogReader } from "../log/kafka/kafka-log-reader.ts";
import { produceCall } from "../log/kafka/protocol-calls.ts";
import { encodeRecordBatch, type KeyedRecord, PLAIN_PRODUCER } from "../log/kafka/record-batch.ts";
import { type PartitionKey, type PartitionRef, partitionKey } from "../log/log.ts";
import { type IndexedSet, isWhole, markerKey, recordKey, SetIndex } from "./kafka-set-index.ts";
import type {
  SnapshotMarker,
  SnapshotPlace,
  SnapshotSet,
  SnapshotStore,
  StoredSnapshot,
} from "./snapshot-store.ts";

const READ_LIMITS = { maxRecords: 1_000, maxBytes: 4 * 1024 * 1024 };
const ONE_RECORD = { ...READ_LIMITS, maxRecords: 1 };
const PRODUCE_WITHIN_MILLISECONDS = 9_000;
/** Writing a record twice does no harm: it has the same key. */
const TRIES = 5;
const PAUSE_MILLISECONDS = 200;
/** Deletions in one batch. */
const DELETED_TOGETHER = 1_000;
const TOPICS_THERE_WITHIN_MILLISECONDS = 15_000;

export interface OpenKafkaSnapshots {
  readonly settings: KafkaSettings;
  /** Compacted ones, made where they are missing. */
  readonly topics: readonly KafkaTopic[];
  readonly replicationFactor: number;
  /** Which of them has the snapshots of a topic of the log. */
  readonly topicFor: (topic: string) => string;
}

export async function openKafkaSnapshots(options: OpenKafkaSnapshots): Promise<KafkaSnapshotStore> {
  const cluster = await KafkaCluster.connect(options.settings, "snapshots");
  try {
    await createMissing(cluster, options);
    return new KafkaSnapshotStore(cluster, options.topicFor);
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** Snapshots in compacted topics: a set that was replaced is deleted key by key. */
export class KafkaSnapshotStore implements SnapshotStore {
  readonly #cluster: KafkaCluster;
  readonly #reader: KafkaLogReader;
  readonly #topicFor: OpenKafkaSnapshots["topicFor"];
  readonly #indexes = new Map<PartitionKey, Promise<SetIndex>>();

  constructor(cluster: KafkaCluster, topicFor: OpenKafkaSnapshots["topicFor"]) {
    this.#cluster = cluster;
    this.#reader = new KafkaLogReader(cluster);
    this.#topicFor = topicFor;
  }

  put(set: SnapshotSet, number: number, value: Uint8Array): Promise<void> {
    return this.#produce(set, [{ key: recordKey(set, number), value, headers: {} }]);
  }

  seal(set: SnapshotSet, marker: SnapshotMarker): Promise<void> {
    const value = Buffer.from(JSON.stringify(marker));
    return this.#produce(set, [{ key: markerKey(set), value, headers: {} }]);
  }

  async newest(
    place: SnapshotPlace,
    isUsable: (marker: SnapshotMarker) => boolean,
  ): Promise<StoredSnapshot | null> {
    const index = await this.#index(place);
    let best: (IndexedSet & { readonly marker: SnapshotMarker }) | null = null;
    for (const indexed of index.of(place)) {
      const { set, offsets, marker } = indexed;
      if (set.version !== place.version || marker === null) continue;
      if (!isWhole(indexed) || !isUsable(marker)) continue;
      if (best === null || marker.position > best.marker.position) {
        best = { ...indexed, offsets, marker };
      }
    }
    if (best === null) return null;
    const { marker, offsets } = best;
    return { marker, records: () => this.#recordsAt(this.#placeOf(place), marker, offsets) };
  }

  async sweep(kept: SnapshotSet, othersBeforeMs: number): Promise<void> {
    const index = await this.#index(kept);
    const all = index.of(kept);
    const position = all.find(({ set }) => set.setId === kept.setId)?.marker?.position ?? -1;
    for (const { set, marker, offsets, begunAtMs } of all) {
      if (set.setId === kept.setId) continue;
      const isReplaced = (marker?.position ?? -1) <= position;
      const isObsolete = set.version === kept.version ? isReplaced : begunAtMs < othersBeforeMs;
      if (isObsolete) await this.#delete(set, [...offsets.keys()]);
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  /** The marker first, so that no part of it is ever taken for the whole. */
  async #delete(set: SnapshotSet, numbers: readonly number[]): Promise<void> {
    const keys = [markerKey(set), ...numbers.map((number) => recordKey(set, number))];
    for (let from = 0; from < keys.length; from += DELETED_TOGETHER) {
      const some = keys.slice(from, from + DELETED_TOGETHER);
      await this.#produce(
        set,
        some.map((key) => ({ key, value: null, headers: {} })),
      );
    }
  }

  /** Of the partition that has the snapshots of `ref`, read to its end. */
  #index(ref: PartitionRef): Promise<SetIndex> {
    const place = this.#placeOf(ref);
    const key = partitionKey(place);
    const before = this.#indexes.get(key) ?? Promise.resolve(new SetIndex());
    const index = before.then(async (known) => {
      for (;;) {
        const records = await this.#reader.read(place, known.next, READ_LIMITS);
        if (records.length === 0) return known;
        for (const record of records) known.add(record);
      }
    });
    this.#indexes.set(key, index);
    // What could not be read is read again, from the beginning.
    index.catch(() => this.#indexes.delete(key));
    return index;
  }

  async *#recordsAt(
    place: PartitionRef,
    { records }: SnapshotMarker,
    offsets: ReadonlyMap<number, number>,
  ): AsyncIterable<Uint8Array> {
    for (let number = 0; number < records; number += 1) {
      const offset = offsets.get(number) ?? -1;
      const [record] = offset < 0 ? [] : await this.#reader.read(place, offset, ONE_RECORD);
      if (record?.position !== offset) throw new RangeError(`record ${number} is gone`);
      yield record.value;
    }
  }

  #placeOf({ topic, partition }: PartitionRef): PartitionRef {
    const name = this.#topicFor(topic);
    const partitions = this.#cluster.topicSizes().get(name) ?? 0;
    if (partitions === 0) throw new RangeError(`there is no topic ${name}`);
    return { topic: name, partition: partition % partitions };
  }

  async #produce(ref: PartitionRef, records: readonly KeyedRecord[]): Promise<void> {
    const place = this.#placeOf(ref);
    const timestampMs = Date.now();
    const batch = encodeRecordBatch({
      ...PLAIN_PRODUCER,
      records,
      timestampMs,
      compression: "none",
    });
    const call = produceCall({
      topic: this.#cluster.topicName(place.topic),
      partition: place.partition,
      batch,
      timeoutMs: PRODUCE_WITHIN_MILLISECONDS,
    });
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#cluster.toLeader(place, call);
        return;
      } catch (error) {
        if (!isPassing(error) || attempt === TRIES) throw error;
        await sleep(PAUSE_MILLISECONDS * attempt);
        await this.#cluster.refresh();
      }
    }
  }
}

async function createMissing(
  cluster: KafkaCluster,
  { topics, replicationFactor }: OpenKafkaSnapshots,
): Promise<void> {
  const missing = topics.filter(({ topic }) => !cluster.topicSizes().has(topic));
  if (missing.length === 0) return;
  await makeTopics(cluster, missing, replicationFactor);
  await untilThere(cluster, missing);
}

async function untilThere(cluster: KafkaCluster, topics: readonly KafkaTopic[]): Promise<void> {
  const deadline = performance.now() + TOPICS_THERE_WITHIN_MILLISECONDS;
  for (;;) {
    await cluster.refresh();
    const missing = topics.filter(
      ({ topic }) => (cluster.leaderOf({ topic, partition: 0 }) ?? -1) < 0,
    );
    if (missing.length === 0) return;
    if (performance.now() > deadline) {
      const names = missing.map(({ topic }) => topic).join(", ");
      throw new PlatformError("LOG_UNAVAILABLE", `topics without leaders: ${names}`);
    }
    await sleep(PAUSE_MILLISECONDS);
  }
}
