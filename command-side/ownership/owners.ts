import { setTimeout as sleep } from "node:timers/promises";
import type { EventCodec } from "../../platform/codec/codec.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { partitionOf } from "../../platform/kernel/hash.ts";
import { AppendSignal } from "../../platform/log/append-signal.ts";
import {
  type Log,
  type PartitionKey,
  type PartitionRef,
  partitionKey,
} from "../../platform/log/log.ts";
import type { SnapshotStore } from "../../platform/snapshots/snapshot-store.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import type { FactReader } from "../facts.ts";
import type { CommandGateway, CommandOutcome, CommandRequest } from "../gateway.ts";
import type { Resting } from "../snapshots/write-snapshot.ts";
import { notOwner, overloaded } from "./owner-answers.ts";
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
  /** Left out: every fold begins where the partition does. */
  readonly snapshots?: SnapshotStore;
  /** Told when the log could not be followed; it is tried again. */
  readonly onFollowingFailed?: (error: Error) => void;
}

/** How soon following begins again after it has failed. */
const FOLLOW_AGAIN_MILLISECONDS = 500;
/** Between folding a partition and claiming it: its owner settles meanwhile what it has begun. */
const HAND_OVER_MILLISECONDS = 100;
/** How long commands, and questions for facts, wait for a partition that changes hands. */
const CHANGED_WITHIN_MILLISECONDS = 5_000;
const WAITING_FOR_CHANGE = 10_000;
const NOT_FOLDED = "what another process owns is not folded yet; send it again";
const ANOTHER_OWNS = "another process owns the partition, or none does yet";

/** Says of a partition whether this process may claim it now. */
export type Claimable = (partition: PartitionKey) => boolean;

/** One partition, with its owner while that is this process, else with what was followed of it. */
interface Place {
  readonly aggregate: AggregateDefinition;
  readonly partition: PartitionRef;
  owner: PartitionOwner | null;
  followed: PartitionFold | null;
  /** Being taken or released; resolves when it is done, has failed, or takes too long. */
  changing: Promise<unknown> | null;
  /** Commands that wait for that. */
  waiting: number;
}

/**
 * The owners of the partitions that are this process's, as one door for commands. It may follow
 * what others write in the rest, so that taking a partition over takes a moment, and so that facts
 * can be read of aggregates that others own.
 */
export class Owners implements CommandGateway {
  readonly #parts: OwnersParts;
  readonly #byAggregate: ReadonlyMap<string, readonly Place[]>;
  #isMine: Claimable = () => false;
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
        const nobody = { owner: null, followed: null, changing: null, waiting: 0 };
        return { aggregate, partition: ref, ...nobody };
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
    await this.own(() => true);
  }

  /**
   * Takes what is this process's and is not owned yet, or was claimed by a rival, and releases the
   * rest. It is asked again before each claim. Rejects when some could not be taken: call it again.
   */
  async own(isMine: Claimable): Promise<void> {
    this.#isMine = isMine;
    const changes = this.#places().flatMap((place) => {
      const { owner } = place;
      if (!isMine(partitionKey(place.partition)))
        return owner === null ? [] : this.#change(place, "release");
      return owner === null || owner.hasYielded ? this.#change(place, "take") : [];
    });
    const ends = await Promise.allSettled(changes);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /**
   * Takes no commands any more; resolves when the batches under way are settled, with what was
   * known of each partition: that stays true as far as it goes.
   */
  async end(): Promise<readonly Resting[]> {
    await this.#stopFollowing();
    this.#isMine = () => false;
    await Promise.all(this.#places().map(({ changing }) => changing));
    const ended = this.known();
    await Promise.all(this.owners().map((owner) => owner.stop()));
    for (const place of this.#places()) place.owner = null;
    return ended;
  }

  /** Folds what others write, from now on. */
  follow(): void {
    if (this.#following !== null) return;
    const stop = new AbortController();
    this.#following = { stop, ended: this.#follow(stop.signal) };
  }

  /** Resolves when all that was written up to now is folded; of one topic, or of all. */
  async catchUp(topic: string | null = null): Promise<void> {
    if (this.#following === null) return;
    const places = this.#places().filter(({ partition }) => {
      return topic === null || partition.topic === topic;
    });
    await Promise.all(places.map((place) => this.#foldIfOthers(place)));
  }

  async submit(request: CommandRequest): Promise<CommandOutcome> {
    const place = this.#placeOf(request.aggregate, request.aggregateId);
    if (place.changing !== null) {
      const { waiting, partition } = place;
      if (waiting >= WAITING_FOR_CHANGE) return overloaded(partition, `${waiting} commands`);
      place.waiting += 1;
      await place.changing;
      place.waiting -= 1;
    }
    return place.owner?.submit(request) ?? notOwner(ANOTHER_OWNS);
  }

  /** True while commands of this aggregate are this process's to decide, or soon will be. */
  serves(aggregate: string, aggregateId: string): boolean {
    return isTaken(this.#placeOf(aggregate, aggregateId));
  }

  partitionOf(aggregate: string, aggregateId: string): PartitionRef {
    return this.#placeOf(aggregate, aggregateId).partition;
  }

  /** Of an aggregate that another process owns: as the log tells it up to its end. */
  readonly fact: FactReader = async (aggregate, aggregateId) => {
    const place = this.#placeOf(aggregate, aggregateId);
    await place.changing;
    if (place.owner !== null) return place.owner.look(aggregateId);
    if (this.#following === null) throw new PlatformError("NOT_OWNER", ANOTHER_OWNS);
    const fold = await inTime(this.#foldIfOthers(place));
    if (fold === null) throw new PlatformError("NOT_READY", NOT_FOLDED);
    const value = place.aggregate.fact?.(fold.state.stateOf(aggregateId)) ?? null;
    const version = fold.state.versionOf(aggregateId);
    return { value: value as never, version, partition: place.partition, position: fold.end };
  };

  /** Commands that wait, and ages of the command windows, for the metrics. */
  owners(): readonly PartitionOwner[] {
    return this.#places().flatMap(({ owner }) => owner ?? []);
  }

  /** What this process knows of partitions: its own, and what it follows. */
  known(): readonly Resting[] {
    return this.#places().flatMap(({ owner, followed }) => owner ?? followed ?? []);
  }

  /** Each partition of its own whose commands are not taken, and why; `null` where all are. */
  get obstacle(): string | null {
    const reasons = this.owners().flatMap(({ partition, obstacle }) => {
      return obstacle === null ? [] : [`${partitionKey(partition)}: ${obstacle}`];
    });
    return reasons.length === 0 ? null : reasons.join("; ");
  }

  /** Who waits for it looks at what came of it; the error is its caller's. */
  #change(place: Place, kind: "take" | "release"): Promise<void> {
    const work = kind === "take" ? this.#take(place) : this.#release(place);
    const change = work.finally(() => {
      place.changing = null;
    });
    place.changing = inTime(change.catch(() => undefined));
    return change;
  }

  /** Folded before it is claimed: until then its owner serves, if it has one. */
  async #take(place: Place): Promise<void> {
    const { aggregate, partition } = place;
    await place.owner?.stop();
    place.owner = null;
    const fold = this.#foldOf(place);
    await fold.catchUp();
    if (this.#following !== null) await sleep(HAND_OVER_MILLISECONDS);
    if (!this.#isMine(partitionKey(partition))) return;
    place.owner = await PartitionOwner.take({ ...this.#parts, aggregate, partition, fold });
    place.followed = null;
  }

  async #release(place: Place): Promise<void> {
    place.followed = (await place.owner?.release("the partition was given to another")) ?? null;
    place.owner = null;
  }

  /** What another process owns, folded to its end; `null`: it is this process's, and still is. */
  async #foldIfOthers(place: Place): Promise<PartitionFold | null> {
    await place.changing;
    if (place.changing !== null) throw new PlatformError("NOT_READY", NOT_FOLDED);
    if (place.owner === null) {
      const fold = this.#foldOf(place);
      await fold.catchUp();
      return fold;
    }
    if (await place.owner.reigns()) return null;
    throw new PlatformError("NOT_READY", NOT_FOLDED);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { log, onFollowingFailed } = this.#parts;
    const appended = new AppendSignal();
    const unsubscribe = log.onAppended(() => appended.raise());
    while (!signal.aborted) {
      const seen = appended.raised;
      try {
        const others = this.#places().filter((place) => !isTaken(place));
        await Promise.all(others.map((one) => this.#foldOf(one).catchUp()));
      } catch (error) {
        onFollowingFailed?.(error as Error);
        await sleep(FOLLOW_AGAIN_MILLISECONDS, undefined, { signal }).catch(() => undefined);
      }
      await appended.after(seen, signal);
    }
    unsubscribe();
  }

  #foldOf(place: Place): PartitionFold {
    const { aggregate, partition } = place;
    if (place.followed?.isWhole !== true) {
      place.followed = new PartitionFold({ ...this.#parts, aggregate, partition });
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

/** What comes of it, or null when that takes too long. */
async function inTime<T>(work: Promise<T>): Promise<T | null> {
  const late = new AbortController();
  const { signal } = late;
  const ended = sleep(CHANGED_WITHIN_MILLISECONDS, null, { ref: false, signal }).catch(() => null);
  return Promise.race([work, ended]).finally(() => late.abort());
}

/** What is being taken is folded by its owner alone. */
function isTaken({ owner, changing }: Place): boolean {
  return owner !== null || changing !== null;
}

/** A view of one partition among several would miss what the others hold. */
function requireOnePartition({ name, topic, view }: AggregateDefinition, partitions: number): void {
  if (view === undefined || partitions === 1) return;
  throw new Error(`${name} has a view of its partition, but ${topic} has ${partitions} of them`);
}
