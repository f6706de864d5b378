import { Kafka } from "kafkajs";
import { USUAL_KAFKA_SESSION_MS } from "../../../platform/config/variables.ts";
import { clientConfig, type KafkaSettings } from "../../../platform/log/kafka/kafka-cluster.ts";
import { serverAddress } from "../../real/servers.ts";

/** The Kafka that tests of real servers use: `CH_KAFKA_BROKERS`, with topics of a prefix each. */
export function kafkaSettings(topicPrefix: string): KafkaSettings {
  const brokers = serverAddress("CH_KAFKA_BROKERS");
  const access = { clientId: "cipherhorizon-tests", sasl: null, tls: false };
  const sessionMs = USUAL_KAFKA_SESSION_MS;
  return { brokers: brokers.split(","), topicPrefix, sessionMs, ...access };
}

export async function deleteKafkaTopics(topicPrefix: string): Promise<void> {
  const admin = new Kafka(clientConfig(kafkaSettings(topicPrefix))).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}
