import type { KafkaTopic } from "../log/kafka/create-topics.ts";
import type { LogPlace } from "../log/places.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { openSqliteSnapshots } from "./sqlite-snapshot-store.ts";

/** A topic with the context that it belongs to. */
type OfContext<Topic> = Topic & { readonly context: string };

/** Snapshots stand beside the log: in its folder, or on the same Kafka. */
export async function openSnapshots(
  { folder, kafka }: LogPlace,
  topics: readonly OfContext<{ readonly topic: string }>[],
  snapshotTopics: readonly OfContext<KafkaTopic>[],
): Promise<SnapshotStore> {
  if (kafka === null) return openSqliteSnapshots(folder);
  const { settings, replicationFactor } = kafka;
  // Who has the log embedded does not load Kafka's client.
  const { openKafkaSnapshots } = await import("./kafka-snapshot-store.ts");
  const topicFor = (name: string) => {
    const context = topics.find(({ topic }) => topic === name)?.context;
    const found = snapshotTopics.find((one) => one.context === context);
    if (found === undefined) throw new RangeError(`${name} is of no context that has snapshots`);
    return found.topic;
  };
  return openKafkaSnapshots({ settings, topics: snapshotTopics, replicationFactor, topicFor });
}
