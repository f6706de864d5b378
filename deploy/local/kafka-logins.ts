import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type AclEntry, type Admin } from "kafkajs";
import { clientConfig, KafkaCluster } from "../../platform/log/kafka/kafka-cluster.ts";
import { alterUsersCall } from "../../platform/log/kafka/users-call.ts";
import { KAFKA_RIGHTS, kafkaAcls } from "../logins/kafka.ts";
import type { Platform } from "../logins/logins.ts";
import { askKafkaBrokers, settingsFor } from "./kafka-brokers.ts";
import type { Instance } from "./server.ts";

// A CommonJS module whose names Node finds in part.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, ResourcePatternTypes } =
  kafkajs;

/** How long a broker may take to hear of a user whom the controller has made. */
const KNOWN_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

const EVERY = {
  resourceType: AclResourceTypes.ANY,
  resourcePatternType: ResourcePatternTypes.ANY,
  operation: AclOperationTypes.ANY,
  permissionType: AclPermissionTypes.ANY,
};

/**
 * Makes each part's user, who may then do what the table of rights says, and nothing else. Rights
 * come first: brokers hear of both in their order, so a user who can log in has them.
 */
export async function makeKafkaLogins(
  { ports, node, password }: Instance,
  { passwordOf, topicPrefix }: Platform,
): Promise<void> {
  const port = ports["broker"] ?? 0;
  const settings = settingsFor(port, password);
  const users = [...KAFKA_RIGHTS.keys()].map((name) => ({ name, password: passwordOf(name) }));
  const admin = new Kafka(clientConfig(settings)).admin();
  await admin.connect();
  try {
    await setRights(admin, kafkaAcls(topicPrefix));
  } finally {
    await admin.disconnect();
  }
  const cluster = await KafkaCluster.connect(settings);
  try {
    const call = alterUsersCall(users);
    await cluster.toNode(node, (broker) => broker.connectionPool.send(call), call.request.apiName);
  } finally {
    await cluster.close();
  }
  for (const user of users) await untilKnown(port, user);
}

/** What is granted already stays granted throughout; what is not wanted any more is taken away. */
async function setRights(admin: Admin, wanted: readonly AclEntry[]): Promise<void> {
  await admin.createAcls({ acl: [...wanted] });
  const { resources } = await admin.describeAcls(EVERY);
  const granted = resources.flatMap(({ acls, ...resource }) => {
    return acls.map((one) => ({ ...resource, ...one }));
  });
  const kept = new Set(wanted.map(textOf));
  const ours = new Set(wanted.map(({ principal }) => principal));
  const filters = granted.filter((one) => ours.has(one.principal) && !kept.has(textOf(one)));
  if (filters.length > 0) await admin.deleteAcls({ filters });
}

function textOf(one: AclEntry): string {
  const { principal, host, permissionType, operation } = one;
  const { resourceType, resourcePatternType, resourceName } = one;
  const numbers = [permissionType, operation, resourceType, resourcePatternType];
  return [...numbers, principal, host, resourceName].join(" ");
}

async function untilKnown(
  port: number,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<void> {
  const deadlineMs = performance.now() + KNOWN_WITHIN_MS;
  for (;;) {
    try {
      await askKafkaBrokers(port, password, name);
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await sleep(LOOK_EVERY_MS);
    }
  }
}
