import { setTimeout as sleep } from "node:timers/promises";
import type { EventCodec } from "../../platform/codec/codec.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { partitionOf } from "../../platform/kernel/hash.ts";
import { AppendSignal } from "../../platform/log/append-signal.ts";
import { type Log, type PartitionRef, partitionKey } from "../../platform/log/log.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import type { FactReader } from "../facts.ts";
import type { CommandGateway, CommandOutcome, CommandRequest } from "../gateway.ts";
import { notOwner } from "./owner-answers.ts";
import type { OwnerObserver } from "./owner-observer.ts";
import { PartitionFold } from "./partition-fold.ts";
import { PartitionOwner } from "./partition-owner.ts";

export interface OwnersParts {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly aggregates: readonly AggregateDefinition[];
  readonly owner: string;
  readonly clock: () => number;
  readonly observer: OwnerObserver;
  /** Told when the log could not be followed; it is tried again. */
  readonly onFollowingFailed?: (error: Error) => void;
}

/** How soon following begins again after it has failed. */
const FOLLOW_AGAIN_MILLISECONDS = 500;
const ANOTHER_LEADS = "another process leads, or none does yet";

/** One partition, with its owner while this process leads, else with what was followed of it. */
interface Place {
  readonly aggregate: AggregateDefinition;
  readonly partition: PartitionRef;
  owner: PartitionOwner | null;
  followed: PartitionFold | null;
}

/**
 * The owners of all partitions, as one door for commands. Until it is told to begin, and after it
 * has ended, it serves nobody; it may follow the log meanwhile, so that beginning takes a moment.
 */
export class Owners implements CommandGateway {
  readonly #parts: OwnersParts;
  readonly #byAggregate: ReadonlyMap<string, readonly Place[]>;
  #following: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;

  private constructor(parts: OwnersParts, byAggregate: ReadonlyMap<string, readonly Place[]>) {
    this.#parts = parts;
    this.#byAggregate = byAggregate;
  }

  /** Knows every partition of every aggregate's topic, and owns none. */
  static async open(parts: OwnersParts): Promise<Owners> {
    const topics = await parts.log.topics();
    const places = parts.aggregates.map((aggregate) => {
      const partitions = topics.get(aggregate.topic);
      if (partitions === undefined) throw new Error(`the log has no topic ${aggregate.topic}`);
      requireOnePartition(aggregate, partitions);
      const ofTopic = Array.from({ length: partitions }, (_, partition): Place => {
        const ref = { topic: aggregate.topic, partition };
        return { aggregate, partition: ref, owner: null, followed: null };
      });
      return [aggregate.name, ofTopic] as const;
    });
    return new Owners(parts, new Map(places));
  }

  /** Opened, and begun. */
  static async take(parts: OwnersParts): Promise<Owners> {
    const owners = await Owners.open(parts);
    await owners.begin();
    return owners;
  }

  /** Claims and folds every partition; from then on commands are taken. */
  async begin(): Promise<void> {
    await this.#stopFollowing();
    await Promise.all(this.#places().map((place) => this.#take(place)));
  }

  /** Takes no commands any more; resolves when the batches under way are settled. */
  async end(reason?: string): Promise<void> {
    await this.#stopFollowing();
    const ending = this.#places().map(async (place) => {
      await place.owner?.stop(reason);
      place.owner = null;
    });
    await Promise.all(ending);
  }

  /** Folds what others write, until this process begins. */
  follow(): void {
    if (this.#following !== null) return;
    const stop = new AbortController();
    this.#following = { stop, ended: this.#follow(stop.signal) };
  }

  submit(request: CommandRequest): Promise<CommandOutcome> {
    const { owner } = this.#placeOf(request.aggregate, request.aggregateId);
    return owner?.submit(request) ?? Promise.resolve(notOwner(ANOTHER_LEADS));
  }

  readonly fact: FactReader = (aggregate, aggregateId) => {
    const { owner } = this.#placeOf(aggregate, aggregateId);
    if (owner === null) throw new PlatformError("NOT_OWNER", ANOTHER_LEADS);
    return owner.look(aggregateId);
  };

  /** Commands that wait, and ages of the command windows, for the metrics. */
  owners(): readonly PartitionOwner[] {
    return this.#places().flatMap(({ owner }) => owner ?? []);
  }

  /** Each partition whose commands are not taken, and why; `null` where all are. */
  get obstacle(): string | null {
    const reasons = this.owners().flatMap(({ partition, obstacle }) => {
      return obstacle === null ? [] : [`${partitionKey(partition)}: ${obstacle}`];
    });
    return reasons.length === 0 ? null : reasons.join("; ");
  }

  async #take(place: Place): Promise<void> {
    const { aggregate, partition, followed } = place;
    place.followed = null;
    const fold = followed?.isWhole === true ? { fold: followed } : {};
    place.owner = await PartitionOwner.take({ ...this.#parts, aggregate, partition, ...fold });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { log, onFollowingFailed } = this.#parts;
    const appended = new AppendSignal();
    const unsubscribe = log.onAppended(() => appended.raise());
    while (!signal.aborted) {
      const seen = appended.raised;
      try {
        for (const place of this.#places()) await this.#foldOf(place).catchUp();
      } catch (error) {
        onFollowingFailed?.(error as Error);
        await sleep(FOLLOW_AGAIN_MILLISECONDS, undefined, { signal }).catch(() => undefined);
      }
      await appended.after(seen, signal);
    }
    unsubscribe();
  }

  #foldOf(place: Place): PartitionFold {
    const { log, codec, observer } = this.#parts;
    const { aggregate, partition } = place;
    if (place.followed?.isWhole !== true) {
      place.followed = new PartitionFold({ log, codec, aggregate, partition, observer });
    }
    return place.followed;
  }

  async #stopFollowing(): Promise<void> {
    this.#following?.stop.abort();
    await this.#following?.ended;
    this.#following = null;
  }

  #placeOf(aggregate: string, aggregateId: string): Place {
    const places = this.#byAggregate.get(aggregate);
    if (!places) throw new RangeError(`no aggregate is named ${aggregate}`);
    return places[partitionOf(aggregateId, places.length)] as Place;
  }

  #places(): readonly Place[] {
    return [...this.#byAggregate.values()].flat();
  }
}

/** A view of one partition among several would miss what the others hold. */
function requireOnePartition({ name, topic, view }: AggregateDefinition, partitions: number): void {
  if (view === undefined || partitions === 1) return;
  throw new Error(`${name} has a view of its partition, but ${topic} has ${partitions} of them`);
}
