import { setTimeout as sleep } from "node:timers/promises";
import { AssignerProtocol, type Consumer, Kafka, type PartitionAssigner } from "kafkajs";
import type { Logger } from "../../telemetry/logger.ts";
import { clientConfig, type KafkaSettings } from "./kafka-cluster.ts";

/** How soon a member that is gone is noticed, and how often it says that it is there. */
interface LeadershipTiming {
  readonly sessionMs: number;
  readonly heartbeatMs: number;
}

const DEFAULT_TIMING: LeadershipTiming = { sessionMs: 6_000, heartbeatMs: 300 };
const REBALANCE_MILLISECONDS = 6_000;
const FETCH_WAIT_MILLISECONDS = 100;
const JOIN_AGAIN_MILLISECONDS = 1_000;
const ASSIGNER = "one-leads";
const VERSION = 1;

export interface LeadershipParts {
  readonly settings: KafkaSettings;
  /** A group of its own; its name gets the topics' prefix. */
  readonly group: string;
  /** A topic of one partition: who is assigned it leads. */
  readonly topic: string;
  /** Where other members reach this one. */
  readonly address: string;
  readonly timing?: LeadershipTiming;
  /**
   * Told after every joining and, while this process leads, after every heartbeat: true, it leads;
   * false, another does, or none.
   */
  readonly onDecided: (leads: boolean) => void;
  readonly logger: Logger;
}

/** What a member tells the others when it joins. */
interface Member {
  readonly address: string;
  /** Since when it leads, epoch ms; `null`: it does not. */
  readonly leadsSinceMs: number | null;
  readonly startedAtMs: number;
}

/**
 * One of several processes leads, by a consumer group that consumes nothing: whoever leads keeps
 * leading while it is there, else the one that has been there longest begins. The group only says
 * who should write; that nobody else can is the fenced append's.
 */
export class KafkaLeadership {
  readonly #parts: LeadershipParts;
  readonly #kafka: Kafka;
  readonly #startedAtMs = Date.now();
  #consumer: Consumer | null = null;
  #leadsSinceMs: number | null = null;
  #leader: string | null = null;
  #left = false;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
    this.#kafka = new Kafka(clientConfig(parts.settings));
  }

  /** Resolves when this process is a member. */
  async join(): Promise<void> {
    const { sessionMs, heartbeatMs } = this.#parts.timing ?? DEFAULT_TIMING;
    const consumer = this.#kafka.consumer({
      groupId: this.#group,
      sessionTimeout: sessionMs,
      heartbeatInterval: heartbeatMs,
      rebalanceTimeout: Math.min(REBALANCE_MILLISECONDS, Math.max(sessionMs, 1_000)),
      maxWaitTimeInMs: FETCH_WAIT_MILLISECONDS,
      allowAutoTopicCreation: false,
      partitionAssigners: [this.#assigner],
      retry: { retries: Number.MAX_SAFE_INTEGER, maxRetryTime: JOIN_AGAIN_MILLISECONDS },
    });
    this.#consumer = consumer;
    const topic = this.#topic;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const mine = payload.memberAssignment[topic] ?? [];
      if (mine.length > 0) consumer.pause([{ topic }]);
      this.#turn(mine.length > 0);
    });
    // Only who is in the group now may claim: a stale member would fence the rightful one.
    consumer.on(consumer.events.HEARTBEAT, () => {
      if (this.leads) this.#parts.onDecided(true);
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) void this.#joinAgain(consumer, payload.error);
    });
    await consumer.connect();
    await consumer.subscribe({ topic });
    await consumer.run({ autoCommit: false, eachBatch: async () => undefined });
  }

  get leads(): boolean {
    return this.#leadsSinceMs !== null;
  }

  /** Where the leader is reached; `null`: nobody leads now, or nobody knows. */
  async leader(): Promise<string | null> {
    this.#leader ??= await this.#findLeader();
    return this.#leader;
  }

  /** The leader did not answer: the next question looks anew. */
  doubtLeader(): void {
    this.#leader = null;
  }

  /** The others notice at once. */
  async leave(): Promise<void> {
    this.#left = true;
    await this.#consumer?.disconnect();
    this.#turn(false);
  }

  get #group(): string {
    return `${this.#parts.settings.topicPrefix}${this.#parts.group}`;
  }

  get #topic(): string {
    return `${this.#parts.settings.topicPrefix}${this.#parts.topic}`;
  }

  #turn(leads: boolean): void {
    this.#leader = null;
    this.#leadsSinceMs = leads ? (this.#leadsSinceMs ?? Date.now()) : null;
    this.#parts.onDecided(leads);
  }

  /** Called before each joining, so that all know who leads now. */
  readonly #assigner: PartitionAssigner = () => ({
    name: ASSIGNER,
    version: VERSION,
    protocol: ({ topics }) => {
      const { address } = this.#parts;
      const [leadsSinceMs, startedAtMs] = [this.#leadsSinceMs, this.#startedAtMs];
      const member: Member = { address, leadsSinceMs, startedAtMs };
      const userData = Buffer.from(JSON.stringify(member));
      const metadata = AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData,
      });
      return { name: ASSIGNER, metadata };
    },
    assign: async ({ members }) => {
      const known = members.map(({ memberId, memberMetadata }) => {
        return { memberId, member: memberOf(memberMetadata) };
      });
      const leader = known.toSorted((a, b) => byPrecedence(a.member, b.member))[0];
      return members.map(({ memberId }) => {
        const assignment = memberId === leader?.memberId ? { [this.#topic]: [0] } : {};
        const memberAssignment = encodeAssignment(assignment);
        return { memberId, memberAssignment };
      });
    },
  });

  async #findLeader(): Promise<string | null> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const { groups } = await admin.describeGroups([this.#group]);
      const [group] = groups;
      // While somebody joins or leaves, Kafka still tells who leads, and no longer the address.
      if (group?.state !== "Stable") return null;
      for (const { memberAssignment, memberMetadata } of group.members) {
        const assigned = AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment;
        if ((assigned?.[this.#topic] ?? []).length > 0) return memberOf(memberMetadata).address;
      }
      return null;
    } finally {
      await admin.disconnect();
    }
  }

  /** The client has given up; the process has not. */
  async #joinAgain(consumer: Consumer, error: Error): Promise<void> {
    this.#turn(false);
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

/** kafkajs's own encoder takes arrays of numbers that its types do not. */
function encodeAssignment(assignment: Record<string, number[]>): Buffer {
  return AssignerProtocol.MemberAssignment.encode({
    version: VERSION,
    assignment,
    userData: Buffer.alloc(0),
  });
}

function memberOf(metadata: Buffer): Member {
  const { userData } = AssignerProtocol.MemberMetadata.decode(metadata) ?? { userData: "" };
  return JSON.parse(userData.toString()) as Member;
}

/**
 * Who leads stays; of several that think they do, the one that began last has fenced the others.
 * Then the oldest; then any, but all the same.
 */
function byPrecedence(one: Member, other: Member): number {
  const [mine, its] = [one.leadsSinceMs ?? 0, other.leadsSinceMs ?? 0];
  if (mine !== its) return its - mine;
  return one.startedAtMs - other.startedAtMs || (one.address < other.address ? -1 : 1);
}
