import type { LogPlace } from "../../platform/log/places.ts";
import { kafkaSettings } from "../contracts/log/kafka-server.ts";
import { serverAddress } from "./servers.ts";

/** Of processes whose topics have a prefix of their own. */
export function kafkaEnvironment(topicPrefix: string): Readonly<Record<string, string>> {
  return {
    CH_KAFKA_BROKERS: serverAddress("CH_KAFKA_BROKERS"),
    CH_SCHEMA_REGISTRY_URL: serverAddress("CH_SCHEMA_REGISTRY_URL"),
    CH_KAFKA_TOPIC_PREFIX: topicPrefix,
  };
}

/** Where those processes have their log. */
export function logPlaceOf(folder: string, topicPrefix: string): LogPlace {
  const registryUrl = serverAddress("CH_SCHEMA_REGISTRY_URL");
  const settings = kafkaSettings(topicPrefix);
  return { folder, kafka: { settings, registryUrl, replicationFactor: 1 } };
}
