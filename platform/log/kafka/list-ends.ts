import { type PartitionKey, type PartitionRef, partitionKey } from "../log.ts";
import { type KafkaCluster, unknownPartition } from "./kafka-cluster.ts";
import { LATEST_OFFSET } from "./kafkajs-internals.ts";

const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;

/** Where partitions end: one request to each node that leads some of them. */
export async function listEnds(
  cluster: KafkaCluster,
  partitions: readonly PartitionRef[],
): Promise<Map<PartitionKey, number>> {
  const asked = [...byLeader(cluster, partitions)].map(async ([nodeId, led]) => {
    const topics = Map.groupBy(led, ({ topic }) => topic);
    const request = {
      replicaId: NO_REPLICA,
      isolationLevel: READ_UNCOMMITTED,
      topics: [...topics].map(([topic, ofTopic]) => ({
        topic: cluster.topicName(topic),
        partitions: ofTopic.map(({ partition }) => ({ partition, timestamp: LATEST_OFFSET })),
      })),
    };
    return cluster.toNode(nodeId, (broker) => broker.listOffsets(request), "ListOffsets");
  });
  const prefix = cluster.topicName("").length;
  const ends = new Map<PartitionKey, number>();
  for (const { responses } of await Promise.all(asked)) {
    for (const { topic, partitions: ofTopic } of responses) {
      for (const { partition, offset } of ofTopic) {
        ends.set(partitionKey({ topic: topic.slice(prefix), partition }), Number(offset));
      }
    }
  }
  return ends;
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
