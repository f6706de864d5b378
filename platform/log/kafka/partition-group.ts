import { setTimeout as sleep } from "node:timers/promises";
import {
  type Assigner,
  AssignerProtocol,
  type Cluster,
  type Consumer,
  type GroupDescription,
  Kafka,
  type PartitionAssigner,
} from "kafkajs";
import type { Logger } from "../../telemetry/logger.ts";
import { report } from "../../telemetry/thread-reports.ts";
import { type PartitionKey, partitionKey } from "../log.ts";
import { clientConfig, type KafkaSettings } from "./kafka-cluster.ts";
import { type Partitions, type Sharer, shareOut } from "./share-out.ts";

const HEARTBEAT_MILLISECONDS = 300;
/** Of a session: several heartbeats must be lost before a member counts as dead. */
const HEARTBEATS = 5;
const REBALANCE_MILLISECONDS = 6_000;
const FETCH_WAIT_MILLISECONDS = 100;
const JOIN_AGAIN_MILLISECONDS = 1_000;
const ASSIGNER = "shared-out";
const VERSION = 1;

/** How the others reach a member, and how they know that it is one. */
interface MemberContact {
  readonly address: string;
  /** Of a pair that it has made for this life; empty where nobody asks it anything. */
  readonly publicKey: string;
}

export interface PartitionGroupParts {
  readonly settings: KafkaSettings;
  /** Its name gets the topics' prefix. */
  readonly group: string;
  /** Whose partitions are shared out. */
  readonly topics: readonly string[];
  readonly contact: MemberContact;
  /** Told after every joining, after every heartbeat, and when this process is out of the group. */
  readonly onShared: (mine: ReadonlySet<PartitionKey>) => void;
  readonly logger: Logger;
}

/** Who is in the group, and whose each partition is. */
export interface GroupView {
  readonly members: readonly MemberContact[];
  readonly owners: ReadonlyMap<PartitionKey, MemberContact>;
}

/** What a member tells the others when it joins. */
interface MemberData extends MemberContact, Omit<Sharer, "id"> {}

const NOTHING: ReadonlySet<PartitionKey> = new Set();

/**
 * The partitions of some topics shared out among the processes that are there, by a consumer group
 * that consumes nothing. The group only says who should write or feed what; that nobody else can is
 * the fenced append's doing, and the checkpoints'.
 */
export class PartitionGroup {
  readonly #parts: PartitionGroupParts;
  readonly #kafka: Kafka;
  readonly #startedAtMs = Date.now();
  #consumer: Consumer | null = null;
  #held: Partitions = {};
  #heldSinceMs = 0;
  #mine = NOTHING;
  #view: Promise<GroupView | null> | null = null;
  #left = false;

  constructor(parts: PartitionGroupParts) {
    this.#parts = parts;
    this.#kafka = new Kafka(clientConfig(parts.settings));
  }

  /** Resolves when this process is a member. */
  async join(): Promise<void> {
    const { sessionMs } = this.#parts.settings;
    const consumer = this.#kafka.consumer({
      groupId: this.#group,
      sessionTimeout: sessionMs,
      heartbeatInterval: Math.min(HEARTBEAT_MILLISECONDS, sessionMs / HEARTBEATS),
      rebalanceTimeout: Math.min(REBALANCE_MILLISECONDS, sessionMs),
      maxWaitTimeInMs: FETCH_WAIT_MILLISECONDS,
      allowAutoTopicCreation: false,
      partitionAssigners: [this.#assigner],
      retry: { retries: Number.MAX_SAFE_INTEGER, maxRetryTime: JOIN_AGAIN_MILLISECONDS },
    });
    this.#consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const given = payload.memberAssignment;
      const topics = Object.keys(given).filter((topic) => (given[topic] ?? []).length > 0);
      if (topics.length > 0) consumer.pause(topics.map((topic) => ({ topic })));
      this.#turn(this.#withoutPrefix(given));
    });
    // Only who is in the group now may claim: a stale member would fence the rightful one.
    consumer.on(consumer.events.HEARTBEAT, () => this.#parts.onShared(this.#mine));
    measureRequests(consumer);
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) void this.#joinAgain(consumer, payload.error);
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: this.#parts.topics.map((topic) => this.#named(topic)) });
      await consumer.run({ autoCommit: false, eachBatch: async () => undefined });
    } catch (error) {
      await consumer.disconnect().catch(() => undefined);
      throw error;
    }
  }

  /** What this process was given. */
  get mine(): ReadonlySet<PartitionKey> {
    return this.#mine;
  }

  /** `null`: partitions are being shared out now, or nobody knows. */
  async view(): Promise<GroupView | null> {
    this.#view ??= this.#look();
    const view = await this.#view;
    if (view === null) this.doubt();
    return view;
  }

  /** Somebody was not what the view says: the next question looks anew. */
  doubt(): void {
    this.#view = null;
  }

  /** The others notice at once. */
  async leave(): Promise<void> {
    this.#left = true;
    await this.#consumer?.disconnect();
    this.#turn({});
  }

  get #group(): string {
    return `${this.#parts.settings.topicPrefix}${this.#parts.group}`;
  }

  #named(topic: string): string {
    return `${this.#parts.settings.topicPrefix}${topic}`;
  }

  #withoutPrefix(partitions: Partitions): Partitions {
    const { length } = this.#parts.settings.topicPrefix;
    const entries = Object.entries(partitions);
    return Object.fromEntries(entries.map(([topic, all]) => [topic.slice(length), all]));
  }

  #turn(held: Partitions): void {
    this.doubt();
    this.#held = held;
    this.#heldSinceMs = Date.now();
    this.#mine = new Set(keysOf(held));
    this.#parts.onShared(this.#mine);
  }

  /** `protocol` is called before each joining, so that all know who holds what. */
  readonly #assigner: PartitionAssigner = ({ cluster }): Assigner => ({
    name: ASSIGNER,
    version: VERSION,
    protocol: ({ topics }) => {
      const [held, heldSinceMs, startedAtMs] = [this.#held, this.#heldSinceMs, this.#startedAtMs];
      const data: MemberData = { ...this.#parts.contact, held, heldSinceMs, startedAtMs };
      const userData = Buffer.from(JSON.stringify(data));
      const metadata = AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData,
      });
      return { name: ASSIGNER, metadata };
    },
    assign: async ({ members }) => {
      const sharers = members.map(({ memberId, memberMetadata }): Sharer => {
        return { ...memberData(memberMetadata), id: memberId };
      });
      const shares = shareOut(sharers, this.#sizes(cluster));
      return members.map(({ memberId }) => {
        const memberAssignment = encodeAssignment(this.#withPrefix(shares.get(memberId) ?? {}));
        return { memberId, memberAssignment };
      });
    },
  });

  #sizes(cluster: Cluster): ReadonlyMap<string, number> {
    const sizes = this.#parts.topics.map((topic) => {
      return [topic, cluster.findTopicPartitionMetadata(this.#named(topic)).length] as const;
    });
    return new Map(sizes);
  }

  #withPrefix(partitions: Partitions): Partitions {
    const entries = Object.entries(partitions);
    return Object.fromEntries(entries.map(([topic, all]) => [this.#named(topic), all]));
  }

  async #look(): Promise<GroupView | null> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const { groups } = await admin.describeGroups([this.#group]);
      return this.#viewOf(groups[0]);
    } catch (error) {
      this.doubt();
      throw error;
    } finally {
      await admin.disconnect();
    }
  }

  /** While somebody joins or leaves, Kafka still tells who holds what, and no longer the address. */
  #viewOf(group: GroupDescription | undefined): GroupView | null {
    if (group?.state === "Empty" || group?.state === "Dead") return EMPTY_GROUP;
    if (group?.state !== "Stable") return null;
    const owners = new Map<PartitionKey, MemberContact>();
    const members = group.members.map(({ memberAssignment, memberMetadata }) => {
      const { address, publicKey } = memberData(memberMetadata);
      const contact = { address, publicKey };
      const { assignment = {} } = AssignerProtocol.MemberAssignment.decode(memberAssignment) ?? {};
      for (const key of keysOf(this.#withoutPrefix(assignment))) owners.set(key, contact);
      return contact;
    });
    return { members, owners };
  }

  /** The client has given up; the process has not. */
  async #joinAgain(consumer: Consumer, error: Error): Promise<void> {
    this.#turn({});
    this.#parts.logger.warn({ error: error.message }, "out of the group; joining again");
    await consumer.disconnect().catch(() => undefined);
    while (!this.#left) {
      await sleep(JOIN_AGAIN_MILLISECONDS);
      try {
        if (!this.#left) await this.join();
        return;
      } catch (again) {
        this.#parts.logger.warn({ error: (again as Error).message }, "not in the group yet");
      }
    }
  }
}

/** As `KafkaCluster` counts its own. */
function measureRequests(consumer: Consumer): void {
  const request = { type: "request", server: "kafka" } as const;
  consumer.on(consumer.events.REQUEST, ({ payload: { apiName: operation, duration } }) => {
    report({ ...request, operation, outcome: "ok", seconds: duration / 1_000 });
  });
  consumer.on(consumer.events.REQUEST_TIMEOUT, ({ payload: { apiName: operation, sentAt } }) => {
    const seconds = (Date.now() - sentAt) / 1_000;
    report({ ...request, operation, outcome: "timeout", seconds });
  });
}

const EMPTY_GROUP: GroupView = { members: [], owners: new Map() };

/** kafkajs's own encoder takes arrays of numbers that its types do not. */
function encodeAssignment(assignment: Partitions): Buffer {
  return AssignerProtocol.MemberAssignment.encode({
    version: VERSION,
    assignment: assignment as Record<string, number[]>,
    userData: Buffer.alloc(0),
  });
}

function memberData(metadata: Buffer): MemberData {
  const { userData } = AssignerProtocol.MemberMetadata.decode(metadata) ?? { userData: "" };
  return JSON.parse(userData.toString()) as MemberData;
}

function keysOf(partitions: Partitions): PartitionKey[] {
  return Object.entries(partitions).flatMap(([topic, all]) => {
    return all.map((partition) => partitionKey({ topic, partition }));
  });
}
