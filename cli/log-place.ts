import type { Config } from "../platform/config/config.ts";
import { PlatformError } from "../platform/errors/catalogue.ts";
import type { KafkaPlace, LogPlace } from "../platform/log/places.ts";

/** Where the configuration puts the log. */
export function logPlace(config: Config): LogPlace {
  return { folder: config.dataFolder, kafka: kafkaPlace(config) };
}

/** As it is printed: without logins. */
export function logName({ folder, kafka }: LogPlace): string {
  if (kafka === null) return `SQLite in ${folder}`;
  const { brokers, topicPrefix } = kafka.settings;
  const { origin, pathname } = new URL(kafka.registryUrl);
  const prefixed = topicPrefix === "" ? "" : `, topics ${topicPrefix}…`;
  return `Kafka at ${brokers.join(", ")}${prefixed}, schemas at ${origin}${pathname}`;
}

function kafkaPlace(config: Config): KafkaPlace | null {
  const { kafkaBrokers: brokers, schemaRegistryUrl: registryUrl } = config;
  if (brokers === null) return null;
  if (registryUrl === null) {
    const detail =
      "CH_KAFKA_BROKERS is set and CH_SCHEMA_REGISTRY_URL is not: events on Kafka name their " +
      "schemas by ids of a registry; set it, as in http://127.0.0.1:8081";
    throw new PlatformError("CONFIG_INVALID", detail);
  }
  const { kafkaTls: tls, kafkaReplication } = config;
  const topicPrefix = config.kafkaTopicPrefix ?? "";
  const settings = { brokers, topicPrefix, clientId: "cipherhorizon", sasl: sasl(config), tls };
  return { settings, registryUrl, replicationFactor: kafkaReplication };
}

function sasl({ kafkaLogin }: Config): KafkaPlace["settings"]["sasl"] {
  if (kafkaLogin === null) return null;
  const colon = kafkaLogin.indexOf(":");
  return { username: kafkaLogin.slice(0, colon), password: kafkaLogin.slice(colon + 1) };
}
