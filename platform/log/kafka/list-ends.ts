import { type PartitionKey, type PartitionRef, partitionKey } from "../log.ts";
import { type KafkaCluster, unknownPartition } from "./kafka-cluster.ts";
import { LATEST_OFFSET } from "./kafkajs-internals.ts";

const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;
/** What Kafka answers where no record is later than the time that was asked for. */
const NONE_LATER = -1;

/** Where partitions end: one request to each node that leads some of them. */
export function listEnds(
  cluster: KafkaCluster,
  partitions: readonly PartitionRef[],
): Promise<Map<PartitionKey, number>> {
  return listOffsets(cluster, partitions, LATEST_OFFSET);
}

/** Where partitions ended at that time: after the last record that was written then or before. */
export async function listEndsAt(
  cluster: KafkaCluster,
  partitions: readonly PartitionRef[],
  timestampMs: number,
): Promise<Map<PartitionKey, number>> {
  const ends = await listEnds(cluster, partitions);
  const firstLater = await listOffsets(cluster, partitions, String(timestampMs + 1));
  for (const [partition, offset] of firstLater) {
    if (offset !== NONE_LATER) ends.set(partition, offset);
  }
  return ends;
}

async function listOffsets(
  cluster: KafkaCluster,
  partitions: readonly PartitionRef[],
  timestamp: typeof LATEST_OFFSET | string,
): Promise<Map<PartitionKey, number>> {
  const asked = [...byLeader(cluster, partitions)].map(async ([nodeId, led]) => {
    const topics = Map.groupBy(led, ({ topic }) => topic);
    const request = {
      replicaId: NO_REPLICA,
      isolationLevel: READ_UNCOMMITTED,
      topics: [...topics].map(([topic, ofTopic]) => ({
        topic: cluster.topicName(topic),
        partitions: ofTopic.map(({ partition }) => ({ partition, timestamp })),
      })),
    };
    return cluster.toNode(nodeId, (broker) => broker.listOffsets(request), "ListOffsets");
  });
  const prefix = cluster.topicName("").length;
  const offsets = new Map<PartitionKey, number>();
  for (const { responses } of await Promise.all(asked)) {
    for (const { topic, partitions: ofTopic } of responses) {
      for (const { partition, offset } of ofTopic) {
        offsets.set(partitionKey({ topic: topic.slice(prefix), partition }), Number(offset));
      }
    }
  }
  return offsets;
}

export function byLeader(
  cluster: KafkaCluster,
  partitions: readonly PartitionRef[],
): Map<number, PartitionRef[]> {
  return Map.groupBy(partitions, (partition) => {
    const leader = cluster.leaderOf(partition);
    if (leader === null) throw unknownPartition(partition);
    return leader;
  });
}
