import kafkajs, { type Admin } from "kafkajs";
import { KAFKA_RIGHTS, kafkaAcls } from "../../../deploy/logins/kafka.ts";
import { COMMAND_SIDE, OPERATOR, QUERIES } from "../../../deploy/logins/logins.ts";
import { snapshotTopics, topics } from "../../../kafka-topics/topics.ts";
import { USUAL_KAFKA_SESSION_MS } from "../../../platform/config/variables.ts";
import {
  clientConfig,
  KafkaCluster,
  type KafkaSettings,
} from "../../../platform/log/kafka/kafka-cluster.ts";
import { typeOf } from "../../../platform/log/kafka/kafka-errors.ts";
import type { Broker } from "../../../platform/log/kafka/kafkajs-internals.ts";
import { fetchCall, produceCall } from "../../../platform/log/kafka/protocol-calls.ts";
import { encodeRecordBatch, PLAIN_PRODUCER } from "../../../platform/log/kafka/record-batch.ts";
import { alterUsersCall } from "../../../platform/log/kafka/users-call.ts";
import { projections } from "../../../projections/registry.ts";
import { allOrNone, type Matrix, type Rights, unrefused } from "./matrix.ts";
import { OTHER_PREFIX, type PartsStack, TOPIC_PREFIX } from "./parts-stack.ts";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const { ConfigResourceTypes, Kafka } = kafkajs;

const NODE = 1;
const WITHIN_MS = 9_000;
const SESSION_MS = 6_000;
const EVENTS = topics.map(({ topic }) => topic);
const SNAPSHOTS = snapshotTopics.map(({ topic }) => topic);
const PROJECTIONS = projections.map(({ projection }) => projection);
const LOGINS = [...KAFKA_RIGHTS.keys()];

function readersOf(topic: string): readonly string[] {
  return PROJECTIONS.filter((one) => one.topics.includes(topic)).map(({ name }) => name);
}

const RIGHTS: Rights = {
  ...Object.fromEntries(
    EVENTS.flatMap((topic) => {
      const readers =
        topic === "operations.events" ? PROJECTIONS.map(({ name }) => name) : readersOf(topic);
      return [
        [`read \`${topic}\``, [COMMAND_SIDE, ...readers, QUERIES, OPERATOR]],
        [`write \`${topic}\``, [COMMAND_SIDE, unrefused(OPERATOR)]],
      ];
    }),
  ),
  "fence the writer of a partition": [COMMAND_SIDE, unrefused(OPERATOR)],
  "read snapshots": [COMMAND_SIDE],
  "write snapshots": [COMMAND_SIDE],
  "be one of the command sides": [COMMAND_SIDE],
  ...Object.fromEntries(
    PROJECTIONS.map(({ name }) => [`be one of those who feed \`${name}\``, [name]]),
  ),
  "see who feeds `portfolios`": ["portfolios", QUERIES],
  "make the platform's topics": [OPERATOR],
  "change their settings": [OPERATOR],
  "make other topics": [],
  "delete topics": [],
  "delete events": [],
  "see or change a broker's settings": [],
  "see or grant rights": [],
  "make users": [],
};

type Attempt = (visitor: Visitor) => Promise<unknown>;

/** In each of several ways, where several things are meant. */
function attemptsOf(thing: string): readonly Attempt[] {
  const topic = EVENTS.find((one) => thing.endsWith(`\`${one}\``));
  if (topic !== undefined) {
    return [(visitor) => (thing.startsWith("read") ? visitor.read(topic) : visitor.write(topic))];
  }
  const fed = /^be one of those who feed `(.*)`$/.exec(thing)?.[1];
  if (fed !== undefined) return [(visitor) => visitor.join(`projections.${fed}.g1`)];
  const others: Readonly<Record<string, readonly Attempt[]>> = {
    "fence the writer of a partition": EVENTS.map((one) => (visitor) => visitor.fence(one)),
    "read snapshots": SNAPSHOTS.map((one) => (visitor) => visitor.read(one)),
    "write snapshots": SNAPSHOTS.map((one) => (visitor) => visitor.write(one)),
    "be one of the command sides": [(visitor) => visitor.join("command-side")],
    "see who feeds `portfolios`": [(visitor) => visitor.look("projections.portfolios.g1")],
    "make the platform's topics": [...EVENTS, ...SNAPSHOTS].map((one) => {
      return ({ admin }) => makeTopic(admin, `${TOPIC_PREFIX}${one}`);
    }),
    "change their settings": topics.map((one) => (visitor) => visitor.configure(one)),
    // Of a platform without the prefix, or with another.
    "make other topics": ["anything", "risk.events", `${OTHER_PREFIX}risk.events`].map((one) => {
      return ({ admin }) => makeTopic(admin, one);
    }),
    "delete topics": [...EVENTS, ...SNAPSHOTS].map((one) => {
      return ({ admin }) => admin.deleteTopics({ topics: [`${TOPIC_PREFIX}${one}`] });
    }),
    "delete events": EVENTS.map((one) => (visitor) => visitor.deleteEvents(one)),
    "see or change a broker's settings": [seeBroker, changeBroker],
    "see or grant rights": [
      ({ admin }) => admin.describeAcls(EVERYTHING),
      ({ admin }) => admin.createAcls({ acl: kafkaAcls(OTHER_PREFIX).slice(0, 1) }),
    ],
    "make users": [(visitor) => visitor.makeUser()],
  };
  return others[thing] ?? [];
}

export const kafkaMatrix: Matrix = {
  rights: RIGHTS,
  logins: LOGINS,
  open: async (stack) => {
    const visitors = new Map<string, Visitor>();
    for (const login of LOGINS) visitors.set(login, await Visitor.open(stack, login));
    return {
      attempt: async (thing, login) => {
        const visitor = visitors.get(login) as Visitor;
        const outcomes: boolean[] = [];
        for (const attempt of attemptsOf(thing)) outcomes.push(await isAllowed(attempt(visitor)));
        return allOrNone(outcomes);
      },
      enters: (login, password) => {
        const entering = KafkaCluster.connect(settingsOf(stack, login, password));
        return isAllowed(entering.then((cluster) => cluster.close()));
      },
      close: async () => {
        for (const visitor of visitors.values()) await visitor.close();
      },
    };
  },
};

/** The topics that a login sees the names of, without the prefix. */
export async function topicsSeenBy(stack: PartsStack, login: string): Promise<readonly string[]> {
  const cluster = await KafkaCluster.connect(settingsOf(stack, login), "all");
  const seen = [...cluster.topicSizes().keys()];
  await cluster.close();
  return seen;
}

function settingsOf(
  { all, passwordOf }: PartsStack,
  username: string,
  password = passwordOf(username),
): KafkaSettings {
  return {
    brokers: [all["CH_KAFKA_BROKERS"] ?? ""],
    topicPrefix: TOPIC_PREFIX,
    clientId: "cipherhorizon-tests",
    sasl: { username, password },
    tls: false,
    sessionMs: USUAL_KAFKA_SESSION_MS,
  };
}

/** What kafkajs's brokers can besides what the platform asks of them. */
interface WholeBroker extends Broker {
  joinGroup(request: object): Promise<{ readonly memberId: string }>;
  leaveGroup(request: object): Promise<void>;
  describeGroups(request: object): Promise<unknown>;
  deleteRecords(request: object): Promise<void>;
}

/**
 * Asks the broker directly: a client that looks first does not see what it may not, and says of a
 * coordinator that refuses it that there is none.
 */
class Visitor {
  readonly admin: Admin;
  readonly #cluster: KafkaCluster;

  private constructor(cluster: KafkaCluster, admin: Admin) {
    this.#cluster = cluster;
    this.admin = admin;
  }

  static async open(stack: PartsStack, login: string): Promise<Visitor> {
    const settings = settingsOf(stack, login);
    const admin = new Kafka(clientConfig(settings)).admin();
    await admin.connect();
    return new Visitor(await KafkaCluster.connect(settings), admin);
  }

  read(topic: string) {
    const places = [{ topic: this.#cluster.topicName(topic), partition: 0, from: 0 }];
    const call = fetchCall({ places, maxBytes: 1, maxRecords: 1, waitMs: 0 });
    return this.#ask((broker) => broker.connectionPool.send(call));
  }

  write(topic: string) {
    const records = [{ key: "of a test", value: Buffer.from("x"), headers: {} }];
    const now = { timestampMs: Date.now(), compression: "none" as const };
    const batch = encodeRecordBatch({ ...PLAIN_PRODUCER, ...now, records });
    const place = { topic: this.#cluster.topicName(topic), partition: 0 };
    const call = produceCall({ ...place, batch, timeoutMs: WITHIN_MS });
    return this.#ask((broker) => broker.connectionPool.send(call));
  }

  fence(topic: string) {
    const transactionalId = `${this.#cluster.topicName(topic)}-0`;
    return this.#ask((broker) => {
      return broker.initProducerId({ transactionalId, transactionTimeout: WITHIN_MS });
    });
  }

  async join(group: string): Promise<void> {
    const groupId = this.#cluster.topicName(group);
    const groupProtocols = [{ name: "of a test", metadata: Buffer.alloc(0) }];
    const times = { sessionTimeout: SESSION_MS, rebalanceTimeout: SESSION_MS };
    const request = { groupId, protocolType: "consumer", groupProtocols, ...times };
    const { memberId } = await this.#ask((broker) => broker.joinGroup(request));
    await this.#ask((broker) => broker.leaveGroup({ groupId, memberId }));
  }

  look(group: string) {
    const groupIds = [this.#cluster.topicName(group)];
    return this.#ask((broker) => broker.describeGroups({ groupIds }));
  }

  /** As it is set already. */
  configure({ topic, configuration }: (typeof topics)[number]) {
    const configEntries = Object.entries(configuration).map(([name, value]) => ({ name, value }));
    const resource = { type: ConfigResourceTypes.TOPIC, name: this.#cluster.topicName(topic) };
    const resources = [{ ...resource, configEntries }];
    return this.admin.alterConfigs({ validateOnly: false, resources });
  }

  deleteEvents(topic: string) {
    const partitions = [{ partition: 0, offset: "1" }];
    const all = [{ topic: this.#cluster.topicName(topic), partitions }];
    return this.#ask((broker) => broker.deleteRecords({ topics: all }));
  }

  makeUser() {
    const call = alterUsersCall([{ name: "other", password: "of a test" }]);
    return this.#ask((broker) => broker.connectionPool.send(call));
  }

  async close(): Promise<void> {
    await this.admin.disconnect();
    await this.#cluster.close();
  }

  #ask<T>(ask: (broker: WholeBroker) => Promise<T>): Promise<T> {
    return this.#cluster.toNode(NODE, (broker) => ask(broker as WholeBroker), "a test");
  }
}

const EVERYTHING = {
  resourceType: AclResourceTypes.ANY,
  resourcePatternType: ResourcePatternTypes.ANY,
  operation: AclOperationTypes.ANY,
  permissionType: AclPermissionTypes.ANY,
};

function makeTopic(admin: Admin, topic: string): Promise<boolean> {
  const topics = [{ topic, numPartitions: 1, replicationFactor: 1 }];
  return admin.createTopics({ topics, waitForLeaders: false });
}

const BROKER = { type: ConfigResourceTypes.BROKER, name: String(NODE) };

function seeBroker({ admin }: Visitor) {
  return admin.describeConfigs({ includeSynonyms: false, resources: [BROKER] });
}

function changeBroker({ admin }: Visitor) {
  const configEntries = [{ name: "log.retention.ms", value: "1" }];
  return admin.alterConfigs({ validateOnly: true, resources: [{ ...BROKER, configEntries }] });
}

/** kafkajs keeps what a broker has said in various places. */
interface ClientError extends AggregateError {
  readonly partitions: readonly { readonly error: unknown }[];
}

/** False where it is refused for want of rights, or the password. */
async function isAllowed(asked: Promise<unknown>): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (error) {
    const { errors = [], partitions = [], cause, message = "" } = error as Partial<ClientError>;
    const all = [error, cause, ...errors, ...partitions.map((one) => one.error)].map(typeOf);
    const isRefused = all.some((type) => type.endsWith("_AUTHORIZATION_FAILED"));
    if (isRefused || /authentication failed/i.test(message)) return false;
    throw error;
  }
}
