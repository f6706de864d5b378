import { connect as connectSocket, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { type KafkaConfig, logLevel } from "kafkajs";
import { PlatformError } from "../../errors/catalogue.ts";
import { within } from "../../lifecycle/within.ts";
import { measuredRequest } from "../../telemetry/client-requests.ts";
import type { PartitionRef } from "../log.ts";
import { isPassing } from "./kafka-errors.ts";
import {
  type Broker,
  type Cluster,
  COORDINATOR_OF_TRANSACTIONS,
  createCluster,
  type ProtocolCall,
} from "./kafkajs-internals.ts";

/** How a process reaches Kafka. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  /** Stands before every topic's name, so that several platforms can share one Kafka. */
  readonly topicPrefix: string;
  readonly clientId: string;
  readonly sasl: { readonly username: string; readonly password: string } | null;
  readonly tls: boolean;
  /** How long after its last heartbeat a member of a group counts as dead. */
  readonly sessionMs: number;
}

/** Which topics of ours a connection knows: those of the log, or those of snapshots. */
export type TopicKind = "events" | "snapshots" | "all";

/** How the names of compacted topics of snapshots end; all others are the log's. */
const SNAPSHOTS = ".snapshots";

const CONNECT_WITHIN_MILLISECONDS = 3_000;
/** Of one request; what has not come by then has an unknown outcome. */
export const REQUEST_WITHIN_MILLISECONDS = 10_000;
/** The client's own tries while metadata or a coordinator is not there yet. */
const RETRY = { retries: 4, initialRetryTime: 50, maxRetryTime: 1_000 };
const KEEP_ALIVE_MILLISECONDS = 60_000;

/**
 * Connections to the brokers: whom to ask for a partition, and whom for a transactional id. Every
 * call has a deadline, and errors that a fresh look at the cluster may cure say so.
 */
export class KafkaCluster {
  readonly #cluster: Cluster;
  readonly #kind: TopicKind;
  readonly settings: KafkaSettings;
  #closed = false;

  private constructor(settings: KafkaSettings, cluster: Cluster, kind: TopicKind) {
    this.settings = settings;
    this.#cluster = cluster;
    this.#kind = kind;
  }

  /** Throws `LOG_UNAVAILABLE` where no broker answers, `LOG_REFUSED` where one refuses us. */
  static async connect(settings: KafkaSettings, kind: TopicKind = "events"): Promise<KafkaCluster> {
    const connections = createCluster(clientConfig(settings), logLevel.NOTHING);
    const cluster = new KafkaCluster(settings, connections, kind);
    try {
      await cluster.refresh();
    } catch (error) {
      await cluster.close();
      throw notConnected(settings, error as Error);
    }
    return cluster;
  }

  /** The topics of its kind with our prefix, by their names without it, in order. */
  topicSizes(): ReadonlyMap<string, number> {
    const { topicPrefix } = this.settings;
    const all = this.#cluster.brokerPool.metadata?.topicMetadata ?? [];
    const ours = all
      .filter(({ topic }) => topic.startsWith(topicPrefix) && !topic.startsWith("__"))
      .filter(({ topic }) => this.#isOfKind(topic))
      .map(({ topic, partitionMetadata }) => {
        return [topic.slice(topicPrefix.length), partitionMetadata.length] as const;
      });
    return new Map(ours.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #isOfKind(topic: string): boolean {
    if (this.#kind === "all") return true;
    return topic.endsWith(SNAPSHOTS) === (this.#kind === "snapshots");
  }

  /** What Kafka calls a topic of ours. */
  topicName(topic: string): string {
    return `${this.settings.topicPrefix}${topic}`;
  }

  async refresh(): Promise<void> {
    this.#assertOpen();
    await answered("Metadata", async () => {
      await this.#cluster.connect();
      await this.#cluster.refreshMetadata();
    });
  }

  /** The node that leads a partition; null: the partition is not known. */
  leaderOf({ topic, partition }: PartitionRef): number | null {
    const name = this.topicName(topic);
    const found = this.#cluster.brokerPool.metadata?.topicMetadata.find(
      (one) => one.topic === name,
    );
    const place = found?.partitionMetadata.find(({ partitionId }) => partitionId === partition);
    return place?.leader ?? null;
  }

  /** Sends to the leader of a partition; it may not lead any more, which is an error of the call. */
  async toLeader<Answer>(partition: PartitionRef, call: ProtocolCall<Answer>): Promise<Answer> {
    this.#assertOpen();
    const nodeId = this.leaderOf(partition);
    if (nodeId === null) throw unknownPartition(partition);
    return this.toNode(nodeId, (broker) => broker.connectionPool.send(call), call.request.apiName);
  }

  async toNode<Answer>(
    nodeId: number,
    ask: (broker: Broker) => Promise<Answer>,
    what: string,
  ): Promise<Answer> {
    this.#assertOpen();
    return answered(what, async () => ask(await this.#cluster.findBroker({ nodeId })));
  }

  async initProducer(transactionalId: string) {
    this.#assertOpen();
    return answered("InitProducerId", async () => {
      const coordinator = await this.#cluster.findGroupCoordinator({
        groupId: transactionalId,
        coordinatorType: COORDINATOR_OF_TRANSACTIONS,
      });
      const transactionTimeout = REQUEST_WITHIN_MILLISECONDS;
      return coordinator.initProducerId({ transactionalId, transactionTimeout });
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#cluster.disconnect();
  }

  #assertOpen(): void {
    if (this.#closed) throw new PlatformError("LOG_UNAVAILABLE", "the event log is closed");
  }
}

function notConnected({ brokers }: KafkaSettings, cause: Error): Error {
  const isAway = isPassing(cause) || cause instanceof PlatformError;
  if (!isAway && !cause.name.startsWith("KafkaJS")) return cause;
  const code = isAway ? "LOG_UNAVAILABLE" : "LOG_REFUSED";
  return new PlatformError(code, `Kafka at ${brokers.join(", ")}: ${cause.message}`);
}

export function unknownPartition({ topic, partition }: PartitionRef): PlatformError {
  return new PlatformError("LOG_UNAVAILABLE", `the log has no partition ${topic}/${partition}`);
}

/** Counted, and none waits for ever: kafkajs's calls have hung while a broker was away. */
function answered<T>(what: string, run: () => Promise<T>): Promise<T> {
  const seconds = REQUEST_WITHIN_MILLISECONDS / 1_000;
  const detail = `no answer to ${what} within ${seconds} s`;
  const late = () => new PlatformError("LOG_UNAVAILABLE", detail);
  return measuredRequest({ server: "kafka", operation: what }, () => {
    return within(REQUEST_WITHIN_MILLISECONDS, late, run());
  });
}

/** Of the client, for groups and administration too. */
export function clientConfig({ brokers, clientId, sasl, tls }: KafkaSettings): KafkaConfig {
  return {
    brokers: [...brokers],
    clientId,
    ...(sasl === null ? {} : { sasl: { mechanism: "scram-sha-512", ...sasl } }),
    ssl: tls,
    connectionTimeout: CONNECT_WITHIN_MILLISECONDS,
    requestTimeout: REQUEST_WITHIN_MILLISECONDS,
    enforceRequestTimeout: true,
    retry: RETRY,
    socketFactory,
    logLevel: logLevel.NOTHING,
    logCreator: () => () => undefined,
  };
}

/** Without delay: a commit is one small packet that others wait for. */
const socketFactory: NonNullable<KafkaConfig["socketFactory"]> = ({
  host,
  port,
  ssl,
  onConnect,
}) => {
  const serverName = isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl
    ? connectTls({ host, port, ...serverName, ...ssl }, onConnect)
    : connectSocket({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MILLISECONDS);
  return socket;
};
