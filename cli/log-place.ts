import { existsSync } from "node:fs";
import type { Config } from "../platform/config/config.ts";
import { PlatformError } from "../platform/errors/catalogue.ts";
import type { KafkaPlace, LogPlace } from "../platform/log/places.ts";
import { logFile } from "../platform/log/sqlite/tables.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";

/** Where the configuration puts the log. */
export function logPlace(config: Config): LogPlace {
  return { folder: config.dataFolder, kafka: kafkaPlace(config) };
}

/** False where nothing was ever written; of Kafka it is not known without asking. */
export function mayHaveLog({ folder, kafka }: LogPlace): boolean {
  return kafka !== null || existsSync(logFile(folder));
}

/** Where nothing was ever written there is nothing to show: another folder was meant. */
export function expectLog(place: LogPlace): void {
  if (mayHaveLog(place)) return;
  throw new Failure(exitCodes.notFound, {
    failed: `there is no platform in ${place.folder}`,
    error: "the folder has no log (no log.db), and no server holds it",
    tried: "the folder of --data, else of CH_DATA_FOLDER, else the usual one",
    todo: "name the right one with --data, or begin one there: cipherhorizon serve all",
  });
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
  const { kafkaTls: tls, kafkaSessionMs: sessionMs, kafkaReplication } = config;
  const topicPrefix = config.kafkaTopicPrefix ?? "";
  const settings = {
    brokers,
    topicPrefix,
    clientId: "cipherhorizon",
    sasl: sasl(config),
    tls,
    sessionMs,
  };
  return { settings, registryUrl, replicationFactor: kafkaReplication };
}

function sasl({ kafkaLogin }: Config): KafkaPlace["settings"]["sasl"] {
  if (kafkaLogin === null) return null;
  const colon = kafkaLogin.indexOf(":");
  return { username: kafkaLogin.slice(0, colon), password: kafkaLogin.slice(colon + 1) };
}
