import { Kafka } from "kafkajs";
import { USUAL_KAFKA_SESSION_MS } from "../../platform/config/variables.ts";
import { clientConfig, type KafkaSettings } from "../../platform/log/kafka/kafka-cluster.ts";
import { LOGIN, LOOPBACK } from "./server.ts";

/**
 * The ids of the brokers that a node knows to take part: a node that has only started knows none,
 * and a socket that can be opened says nothing.
 */
export async function askKafkaBrokers(
  port: number,
  password: string,
  username = LOGIN,
): Promise<readonly number[]> {
  const admin = new Kafka(clientConfig(settingsFor(port, password, username))).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId);
  } finally {
    await admin.disconnect();
  }
}

/** How one broker of a stack is reached; without a password by nobody in particular. */
export function settingsFor(port: number, password: string, username = LOGIN): KafkaSettings {
  return {
    brokers: [`${LOOPBACK}:${port}`],
    topicPrefix: "",
    clientId: "cipherhorizon-stack",
    sasl: password === "" ? null : { username, password },
    tls: false,
    sessionMs: USUAL_KAFKA_SESSION_MS,
  };
}
