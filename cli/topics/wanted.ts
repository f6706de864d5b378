import { z } from "zod";
import { snapshotTopics, type TopicDefinition, topics } from "../../kafka-topics/topics.ts";
import type { Config } from "../../platform/config/config.ts";
import type { TopicDifference } from "../../platform/log/kafka/compare-topics.ts";
import type { KafkaPlace } from "../../platform/log/places.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { logPlace } from "../log-place.ts";

export const SIZES_LINE = [
  "--sizes <which>",
  "partitions for development or for production; else development",
] as const;

export const sizesOption = z.enum(["development", "production"]).default("development");

interface WantedTopics {
  readonly events: readonly TopicDefinition[];
  readonly snapshots: readonly TopicDefinition[];
}

export function topicsOf(sizes: z.infer<typeof sizesOption>): WantedTopics {
  if (sizes === "development") return { events: topics, snapshots: snapshotTopics };
  const production = (all: readonly TopicDefinition[]) => {
    return all.map((one) => ({ ...one, partitions: one.productionPartitions }));
  };
  return { events: production(topics), snapshots: production(snapshotTopics) };
}

export function kafkaOf(config: Config): KafkaPlace {
  const { kafka } = logPlace(config);
  if (kafka !== null) return kafka;
  throw new Failure(exitCodes.config, {
    failed: "the topics of Kafka cannot be looked at",
    error: "no Kafka is configured; the embedded log makes its topics by itself",
    tried: "CH_KAFKA_BROKERS, which is not set",
    todo: "set CH_KAFKA_BROKERS and CH_SCHEMA_REGISTRY_URL",
  });
}

export function differenceText(difference: TopicDifference): string {
  const { topic } = difference;
  switch (difference.kind) {
    case "missing":
      return `${topic}: make it, ${difference.partitions} partitions`;
    case "partitions":
      return `${topic}: has ${difference.there} partitions, ${difference.wanted} are wanted`;
    case "configuration":
      return `${topic}: ${difference.name} from ${difference.there} to ${difference.wanted}`;
  }
}
