import type { PeerAddress, Peers } from "../../command-side/forwarding/forwarder.ts";
import { PeerKeys } from "../../platform/access/peer-keys.ts";
import type { GroupView, PartitionGroup } from "../../platform/log/kafka/partition-group.ts";
import { type PartitionKey, type PartitionRef, partitionKey } from "../../platform/log/log.ts";
import type { KafkaPlace } from "../../platform/log/places.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";

const GROUP = "command-side";
/** Who has left the group may still hand on what it was sent before. */
const REMEMBERED_MILLISECONDS = 60_000;

export interface KafkaPeersParts {
  readonly kafka: KafkaPlace;
  readonly topics: readonly string[];
  readonly logger: Logger;
}

export interface PeersToJoin {
  /** Where the others reach this process. */
  readonly address: string;
  readonly onShared: (mine: ReadonlySet<PartitionKey>) => void;
}

/** The command sides on one Kafka: whose each partition is, and who is one of them. */
export class KafkaPeers implements Peers {
  readonly #parts: KafkaPeersParts;
  readonly #keys = new PeerKeys();
  #group: PartitionGroup | null = null;
  /** When each public key was last seen in the group, by the monotonic clock. */
  readonly #seenMs = new Map<string, number>();

  constructor(parts: KafkaPeersParts) {
    this.#parts = parts;
  }

  async join({ address, onShared }: PeersToJoin): Promise<void> {
    const { kafka, topics, logger } = this.#parts;
    const contact = { address, publicKey: this.#keys.publicKey };
    const of = { settings: kafka.settings, group: GROUP, topics };
    const { PartitionGroup } = await import("../../platform/log/kafka/partition-group.ts");
    this.#group = new PartitionGroup({ ...of, contact, onShared, logger });
    await this.#group.join();
  }

  async leave(): Promise<void> {
    await this.#group?.leave();
  }

  /** What this process was given. */
  isMine(partition: PartitionKey): boolean {
    return this.#group?.mine.has(partition) ?? false;
  }

  /** `null`: partitions are being shared out now. */
  async view(): Promise<GroupView | null> {
    const view = (await this.#group?.view()) ?? null;
    for (const { publicKey } of view?.members ?? []) {
      this.#seenMs.set(publicKey, performance.now());
    }
    return view;
  }

  async ownerOf(partition: PartitionRef): Promise<PeerAddress | null> {
    const owner = (await this.view())?.owners.get(partitionKey(partition)) ?? null;
    return owner?.publicKey === this.#keys.publicKey ? null : owner;
  }

  doubt(): void {
    this.#group?.doubt();
  }

  authorizationFor(publicKey: string): string {
    return this.#keys.authorizationFor(publicKey);
  }

  /** One that has joined since the group was last looked at is looked for. */
  async isPeer(authorization: string | undefined): Promise<boolean> {
    const sender = this.#keys.senderOf(authorization);
    if (sender === null) return false;
    if (this.#wasSeen(sender)) return true;
    this.doubt();
    await this.view();
    return this.#wasSeen(sender);
  }

  #wasSeen(publicKey: string): boolean {
    const seenMs = this.#seenMs.get(publicKey);
    return seenMs !== undefined && performance.now() - seenMs < REMEMBERED_MILLISECONDS;
  }
}
