/**
 * What the log uses of kafkajs beyond its published declarations; kafkajs's version is pinned, and
 * it has had no release since 2023. Its connections, metadata, authentication and groups are good;
 * its producer and consumer hide the places where the fenced append and reading by position happen,
 * so those two speak to a broker by themselves.
 */
import { createRequire } from "node:module";
import type { KafkaConfig, logLevel } from "kafkajs";

const require = createRequire(import.meta.url);

/** A request of the protocol with how its response is read. */
export interface ProtocolCall<Answer> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    expectResponse?(): boolean;
    encode(): Promise<Encoder>;
  };
  readonly response: {
    decode(payload: Buffer): Promise<{ readonly clientSideThrottleTime: number; data: Answer }>;
    parse(decoded: { readonly data: Answer }): Promise<Answer>;
  };
  readonly requestTimeout?: number;
}

/** Grows as it is written to; each write gives itself back. */
export interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: bigint | number | string): Encoder;
  writeString(value: string | null): Encoder;
  writeBytes(value: Buffer | null): Encoder;
  writeArray(values: readonly Encoder[]): Encoder;
  /** Of the newer requests: `null` is also what a place for tagged fields holds without any. */
  writeUVarIntBytes(value: Buffer | null): Encoder;
  writeUVarIntString(value: string): Encoder;
  writeUVarIntArray(values: readonly Encoder[]): Encoder;
}

/** Of the newer requests: reads from front to back. */
export interface Decoder {
  readTaggedFields(): void;
  readInt16(): number;
  readInt32(): number;
  readUVarIntString(): string | null;
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[];
}

export interface Broker {
  readonly nodeId: string;
  readonly connectionPool: {
    send<Answer>(call: ProtocolCall<Answer>): Promise<Answer>;
  };
  isConnected(): boolean;
  disconnect(): Promise<void>;
  initProducerId(request: {
    readonly transactionalId: string;
    readonly transactionTimeout: number;
  }): Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
  listOffsets(request: {
    readonly replicaId: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: string }[];
    }[];
  }): Promise<{
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  }>;
}

export interface Cluster {
  readonly brokerPool: {
    readonly metadata: {
      readonly topicMetadata: readonly {
        readonly topic: string;
        readonly partitionMetadata: readonly {
          readonly partitionId: number;
          readonly leader: number;
        }[];
      }[];
    } | null;
  };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** Of all topics, as long as none was named a target. */
  refreshMetadata(): Promise<void>;
  findBroker(of: { readonly nodeId: number }): Promise<Broker>;
  findGroupCoordinator(of: {
    readonly groupId: string;
    readonly coordinatorType: number;
  }): Promise<Broker>;
}

interface ClusterOptions extends KafkaConfig {
  readonly logger: unknown;
  readonly allowAutoTopicCreation: boolean;
  readonly metadataMaxAge: number;
}

export const COORDINATOR_OF_TRANSACTIONS = 1;
export const LATEST_OFFSET = "-1";

export const Encoder = require("kafkajs/src/protocol/encoder") as new () => Encoder;

export const Decoder = require("kafkajs/src/protocol/decoder") as new (payload: Buffer) => Decoder;

const ClusterClass = require("kafkajs/src/cluster") as new (options: ClusterOptions) => Cluster;

const { createLogger } = require("kafkajs/src/loggers") as {
  createLogger(options: { level: logLevel; logCreator: KafkaConfig["logCreator"] }): unknown;
};

/** Error codes of the protocol as errors with `type`, `code` and `retriable`. */
export const { createErrorFromCode } = require("kafkajs/src/protocol/error") as {
  createErrorFromCode(code: number): Error & { readonly type: string };
};

const RequestQueue = require("kafkajs/src/network/requestQueue") as {
  prototype: { pending: unknown[]; scheduleCheckPendingRequests(): void };
};

/**
 * A queue without waiting requests has nothing to look at. As it is, kafkajs sets a timer with a
 * time that has passed, and again when it fires: 850 wake-ups a second and connection, and a
 * warning by Node (tulios/kafkajs 1556, 1751).
 */
const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;
RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleWhereSomethingWaits() {
  if (this.pending.length > 0) schedule.call(this);
};

export function createCluster(config: KafkaConfig, level: logLevel): Cluster {
  const logger = createLogger({ level, logCreator: config.logCreator });
  return new ClusterClass({
    ...config,
    logger,
    allowAutoTopicCreation: false,
    metadataMaxAge: 0,
  });
}
