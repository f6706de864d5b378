import { join } from "node:path";
import { parse } from "uuid";
import { askKafkaBrokers } from "./kafka-brokers.ts";
import { makeKafkaLogins } from "./kafka-logins.ts";
import { runJava } from "./run-java.ts";
import { type Instance, LOGIN, LOOPBACK, type Server } from "./server.ts";

/** Where Java has Kafka's modules for logging in. */
const SECURITY = "org.apache.kafka.common.security";
const LOG4J_VERSION = "2.24.3";

/** Apache Kafka; every node is broker and controller at once. */
export const kafka: Server = {
  name: "kafka",
  version: "4.1.1",
  isDefault: true,
  hasNodes: true,
  recipe: {
    kind: "maven",
    artifacts: [
      "org.apache.kafka:kafka_2.13:4.1.1",
      "org.apache.kafka:kafka-tools:4.1.1",
      `org.apache.logging.log4j:log4j-core:${LOG4J_VERSION}`,
      `org.apache.logging.log4j:log4j-slf4j-impl:${LOG4J_VERSION}`,
      `org.apache.logging.log4j:log4j-1.2-api:${LOG4J_VERSION}`,
    ],
    sources: [],
    aboutMegabytes: 54,
  },
  tools: ["java"],
  ports: { broker: 19_092, controller: 19_093 },
  logins: "on request",
  user: null,
  readyWithinMs: 90_000,
  stopWithinMs: 60_000,
  stopSignal: "SIGTERM",
  files: (instance) => ({
    "server.properties": serverProperties(instance),
    "log4j2.properties": LOG_SETTINGS,
  }),
  initialise,
  clearAfter: async () => undefined,
  launch: ({ program, folder }) => ({
    program: "java",
    arguments: [
      ...["-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-cp", join(program, "lib", "*")],
      `-Dlog4j2.configurationFile=${join(folder, "log4j2.properties")}`,
      ...["kafka.Kafka", join(folder, "server.properties")],
    ],
  }),
  checkReady: async ({ ports, node, password }) => {
    const brokers = await askKafkaBrokers(ports["broker"] ?? 0, password);
    if (!brokers.includes(node)) throw new Error("it has not joined the cluster yet");
  },
  settle: async () => undefined,
  makeLogins: async (instance, platform) => {
    if (instance.hasLogin) await makeKafkaLogins(instance, platform);
  },
  variables: (instances) => ({
    CH_KAFKA_BROKERS: instances.map(({ ports }) => `${LOOPBACK}:${ports["broker"]}`).join(","),
    CH_KAFKA_REPLICATION: String(replicasOf(instances)),
    ...loginOf(instances),
  }),
};

function loginOf([instance]: readonly Instance[]): Record<string, string> {
  if (instance === undefined || instance.password === "") return {};
  return { CH_KAFKA_LOGIN: `${LOGIN}:${instance.password}` };
}

/** The user is made together with the cluster: the brokers themselves log in by it. */
async function initialise(instance: Instance, onStart: (pid: number) => void): Promise<void> {
  const { serverId, folder, password } = instance;
  const user = `SCRAM-SHA-512=[name=${LOGIN},password=${password}]`;
  const words = [
    ...["kafka.tools.StorageTool", "format", "--cluster-id", clusterId(serverId)],
    ...["--config", join(folder, "server.properties")],
    ...(password === "" ? [] : ["--add-scram", user]),
  ];
  await runJava(instance, words, onStart);
}

/** Kafka wants a UUID as 22 letters. */
function clusterId(serverId: string): string {
  return Buffer.from(parse(serverId)).toString("base64url");
}

/** Three nodes keep every record three times, and go on with two. */
function replicasOf(nodes: readonly unknown[]): number {
  return Math.min(3, nodes.length);
}

function serverProperties({ node, nodes, ports, folder, password }: Instance): string {
  const replicas = replicasOf(nodes);
  const inSync = Math.max(1, replicas - 1);
  const voters = nodes.map((one) => `${one.node}@${LOOPBACK}:${one.ports["controller"]}`);
  const broker = `${password === "" ? "PLAINTEXT" : "SASL_PLAINTEXT"}://${LOOPBACK}:${ports["broker"]}`;
  const settings = {
    "process.roles": "broker,controller",
    "node.id": node,
    "controller.quorum.voters": voters.join(","),
    listeners: `${broker},CONTROLLER://${LOOPBACK}:${ports["controller"]}`,
    "advertised.listeners": broker,
    "controller.listener.names": "CONTROLLER",
    "log.dirs": join(folder, "data"),
    "auto.create.topics.enable": false,
    "message.max.bytes": 8_388_608,
    // Events are for ever.
    "log.retention.ms": -1,
    "log.retention.bytes": -1,
    "log.cleanup.policy": "delete",
    "unclean.leader.election.enable": false,
    "default.replication.factor": replicas,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSync,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": inSync,
    // The fenced append stands on what the broker remembers of a producer.
    "transactional.id.expiration.ms": 2_147_483_647,
    "producer.id.expiration.ms": 604_800_000,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "compression.type": "producer",
    ...(password === "" ? {} : loginSettings(password)),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  return lines.join("");
}

/**
 * Who speaks to a broker or a controller logs in, and may do what it was granted; the stack's own
 * user may do all. Controllers keep the users, so they cannot ask for one of these themselves: the
 * password among them stands in their settings.
 */
function loginSettings(password: string) {
  const own = `username="${LOGIN}" password="${password}"`;
  const plain = `${SECURITY}.plain.PlainLoginModule required ${own} user_${LOGIN}="${password}";`;
  const scram = `${SECURITY}.scram.ScramLoginModule required ${own};`;
  return {
    "listener.security.protocol.map": "CONTROLLER:SASL_PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
    "sasl.mechanism.controller.protocol": "PLAIN",
    "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.controller.plain.sasl.jaas.config": plain,
    "inter.broker.listener.name": "SASL_PLAINTEXT",
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
    "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": scram,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": `User:${LOGIN}`,
    "allow.everyone.if.no.acl.found": false,
  };
}

/** To standard output, which goes to the instance's log file. */
const LOG_SETTINGS = `\
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
`;
