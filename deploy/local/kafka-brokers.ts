import { Kafka } from "kafkajs";
import { clientConfig } from "../../platform/log/kafka/kafka-cluster.ts";
import { LOGIN, LOOPBACK } from "./server.ts";

/**
 * The ids of the brokers that a node knows to take part: a node that has only started knows none,
 * and a socket that can be opened says nothing.
 */
export async function askKafkaBrokers(port: number, password: string): Promise<readonly number[]> {
  const settings = {
    brokers: [`${LOOPBACK}:${port}`],
    topicPrefix: "",
    clientId: "cipherhorizon-stack",
    sasl: password === "" ? null : { username: LOGIN, password },
    tls: false,
  };
  const admin = new Kafka(clientConfig(settings)).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId);
  } finally {
    await admin.disconnect();
  }
}
