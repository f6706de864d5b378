import { hostname } from "node:os";
import { PartitionGroup } from "../../platform/log/kafka/partition-group.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { KafkaPlace } from "../../platform/log/places.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { HeldPartitions } from "./held-partitions.ts";
import { type Share, sharingGroup } from "./share.ts";

export interface GroupShareParts {
  readonly kafka: KafkaPlace;
  readonly projection: string;
  readonly generation: number;
  readonly topics: readonly string[];
  readonly logger: Logger;
}

/** The processes that feed a generation share its partitions by a consumer group of Kafka. */
export class GroupShare implements Share {
  readonly #group: PartitionGroup;
  readonly #partitions = new HeldPartitions();

  constructor({ kafka, projection, generation, topics, logger }: GroupShareParts) {
    this.#group = new PartitionGroup({
      settings: kafka.settings,
      group: sharingGroup(projection, generation),
      topics,
      contact: { address: `${hostname()} pid ${process.pid}`, publicKey: "" },
      logger,
      onShared: (mine) => this.#partitions.told(mine),
    });
  }

  join(): Promise<void> {
    return this.#group.join();
  }

  held(partition: PartitionKey, signal: AbortSignal): Promise<AbortSignal | null> {
    return this.#partitions.held(partition, signal);
  }

  confirmed(signal: AbortSignal): Promise<void> {
    return this.#partitions.confirmed(signal);
  }

  leave(): Promise<void> {
    return this.#group.leave();
  }
}
