import type { EventCodec } from "../../platform/codec/codec.ts";
import { partitionOf } from "../../platform/kernel/hash.ts";
import { type Log, partitionKey } from "../../platform/log/log.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import type { FactReader } from "../facts.ts";
import type { CommandGateway, CommandOutcome, CommandRequest } from "../gateway.ts";
import type { OwnerObserver } from "./owner-observer.ts";
import { PartitionOwner } from "./partition-owner.ts";

export interface OwnersParts {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly aggregates: readonly AggregateDefinition[];
  readonly owner: string;
  readonly clock: () => number;
  readonly observer: OwnerObserver;
}

/** The owners of all partitions that this process has taken, as one door for commands. */
export class Owners implements CommandGateway {
  readonly #byAggregate: ReadonlyMap<string, readonly PartitionOwner[]>;

  private constructor(byAggregate: ReadonlyMap<string, readonly PartitionOwner[]>) {
    this.#byAggregate = byAggregate;
  }

  /** Claims and folds every partition of every aggregate's topic. */
  static async take(parts: OwnersParts): Promise<Owners> {
    const topics = await parts.log.topics();
    const owned = parts.aggregates.map(async (aggregate) => {
      const partitions = topics.get(aggregate.topic);
      if (partitions === undefined) throw new Error(`the log has no topic ${aggregate.topic}`);
      requireOnePartition(aggregate, partitions);
      const taken = Array.from({ length: partitions }, (_, partition) => {
        const ref = { topic: aggregate.topic, partition };
        return PartitionOwner.take({ ...parts, aggregate, partition: ref });
      });
      return [aggregate.name, await Promise.all(taken)] as const;
    });
    return new Owners(new Map(await Promise.all(owned)));
  }

  submit(request: CommandRequest): Promise<CommandOutcome> {
    return this.#ownerOf(request.aggregate, request.aggregateId).submit(request);
  }

  readonly fact: FactReader = (aggregate, aggregateId) => {
    return this.#ownerOf(aggregate, aggregateId).look(aggregateId);
  };

  #ownerOf(aggregate: string, aggregateId: string): PartitionOwner {
    const owners = this.#byAggregate.get(aggregate);
    if (!owners) throw new RangeError(`no aggregate is named ${aggregate}`);
    return owners[partitionOf(aggregateId, owners.length)] as PartitionOwner;
  }

  /** Commands that wait, and ages of the command windows, for the metrics. */
  *owners(): Iterable<PartitionOwner> {
    for (const owners of this.#byAggregate.values()) yield* owners;
  }

  /** Each partition whose commands are not taken, and why; `null` where all are. */
  get obstacle(): string | null {
    const reasons = [...this.owners()].flatMap(({ partition, obstacle }) => {
      return obstacle === null ? [] : [`${partitionKey(partition)}: ${obstacle}`];
    });
    return reasons.length === 0 ? null : reasons.join("; ");
  }

  async stop(): Promise<void> {
    await Promise.all([...this.owners()].map((owner) => owner.stop()));
  }
}

/** A view of one partition among several would miss what the others hold. */
function requireOnePartition({ name, topic, view }: AggregateDefinition, partitions: number): void {
  if (view === undefined || partitions === 1) return;
  throw new Error(`${name} has a view of its partition, but ${topic} has ${partitions} of them`);
}
