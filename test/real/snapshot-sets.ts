import { KafkaCluster } from "../../platform/log/kafka/kafka-cluster.ts";
import { KafkaLogReader } from "../../platform/log/kafka/kafka-log-reader.ts";
import { parseMarker, type SnapshotMarker } from "../../platform/snapshots/snapshot-store.ts";
import { kafkaSettings } from "../contracts/log/kafka-server.ts";
import { recordsOf } from "../history/read-history.ts";

/** A set of a snapshot that was sealed once. */
export interface SealedSet extends Pick<SnapshotMarker, "position" | "through"> {
  /** Of the log. */
  readonly partition: number;
  readonly version: string;
  /** It was not replaced by another. */
  isKept: boolean;
}

/** All that were ever written of a topic of the log, as long as nothing is compacted. */
export async function sealedSets(
  topicPrefix: string,
  topic: string,
  snapshotTopic: string,
): Promise<readonly SealedSet[]> {
  const cluster = await KafkaCluster.connect(kafkaSettings(topicPrefix), "snapshots");
  const reader = new KafkaLogReader(cluster);
  try {
    const sets = new Map<string, SealedSet>();
    for await (const { record } of recordsOf(reader, snapshotTopic)) {
      const [of, partition, version = "", setId = "", place] = record.key.split("/");
      if (of !== topic || place !== "marker") continue;
      const known = sets.get(setId);
      if (record.value.length === 0) {
        if (known !== undefined) known.isKept = false;
        continue;
      }
      const { position, through } = parseMarker(`${record.value}`);
      sets.set(setId, { partition: Number(partition), version, position, through, isKept: true });
    }
    return [...sets.values()];
  } finally {
    await reader.close();
  }
}
