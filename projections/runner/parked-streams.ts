import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { OperationsEvent } from "../../schemas/generated/operations.ts";
import type { ParkingOrders, ReleaseOrder } from "./parking.ts";

/** A stream that a generation has set aside, as `operations.events` tell it. */
export interface ParkedRecord {
  readonly projection: string;
  readonly generation: number;
  readonly partition: PartitionKey;
  readonly stream: string;
  readonly position: number;
  readonly sequence: number;
  readonly reason: string;
  /** Since when it is parked, at whichever event, epoch ms by the log. */
  readonly sinceMs: number;
  /** Releases that were ordered. */
  readonly releases: number;
  readonly isReleasing: boolean;
  /** What has become of it so far, oldest first; the oldest of a long history are forgotten. */
  readonly history: readonly ParkingStep[];
}

export interface ParkingStep {
  readonly atMs: number;
  readonly what: "parked" | "release-requested" | "discarded";
  readonly position: number;
  /** Why it could not be applied, or the operator's. */
  readonly reason: string;
  readonly actor: string;
}

/** An event that every generation leaves out. */
export interface DiscardedEvent {
  readonly partition: PartitionKey;
  readonly stream: string;
  readonly position: number;
  readonly sequence: number;
  /** Why it could not be applied. */
  readonly fault: string;
  readonly reason: string;
  readonly atMs: number;
  readonly actor: string;
}

export type ParkingEvent = Extract<
  OperationsEvent,
  {
    readonly type:
      | "StreamParked"
      | "StreamReleaseRequested"
      | "StreamReleased"
      | "ParkedEventDiscarded";
  }
>;
type Origin = Pick<
  RecordedEvent<OperationsEvent>,
  "aggregateId" | "recordedAtMs" | "actor" | "position"
>;
type Place = Pick<ParkedRecord, "projection" | "generation" | "stream"> & {
  readonly partition: string;
};

const MOST_STEPS = 20;

/** The parked streams and discarded events of every projection, folded from their events. */
export class ParkedStreams {
  readonly #parked = new Map<string, ParkedRecord>();
  readonly #discarded = new Map<string, readonly DiscardedEvent[]>();
  #version = 0;

  /** Rises with every event about parking: two who have read the same have the same. */
  get version(): number {
    return this.#version;
  }

  of(projection: string, generation: number): readonly ParkedRecord[] {
    return [...this.#parked.values()].filter((one) => {
      return one.projection === projection && one.generation === generation;
    });
  }

  discardedOf(projection: string): readonly DiscardedEvent[] {
    return this.#discarded.get(projection) ?? [];
  }

  /** What feeders of the generation are to do about it. */
  ordersFor(projection: string, generation: number): ParkingOrders {
    const releasing = this.of(projection, generation).filter(({ isReleasing }) => isReleasing);
    const releases = releasing.map(({ partition, stream, releases: order }): ReleaseOrder => {
      return { partition, stream, order };
    });
    return { releases, discarded: this.leftOutOf(projection) };
  }

  /** Positions of the events that are given up. */
  leftOutOf(projection: string): ParkingOrders["discarded"] {
    const byPartition = Map.groupBy(this.discardedOf(projection), ({ partition }) => partition);
    return new Map(
      [...byPartition].map(([partition, all]) => [partition, all.map(({ position }) => position)]),
    );
  }

  observe(event: ParkingEvent, origin: Origin): void {
    const { aggregateId: projection, position } = origin;
    this.#version = position;
    const place = { ...event.data, projection };
    switch (event.type) {
      case "StreamParked":
        this.#park(place, event.data, origin);
        return;
      case "StreamReleaseRequested":
        this.#release(keyOf(place), stepOf("release-requested", event.data, origin));
        return;
      case "StreamReleased":
        this.#parked.delete(keyOf(place));
        return;
      case "ParkedEventDiscarded":
        this.#discard(projection, event.data, origin);
        return;
    }
  }

  /** What it has set aside is gone with it. */
  forget(projection: string, generation: number): void {
    for (const one of this.of(projection, generation)) this.#parked.delete(keyOf(one));
  }

  #park(
    place: Place,
    data: Extract<ParkingEvent, { type: "StreamParked" }>["data"],
    origin: Origin,
  ): void {
    const known = this.#parked.get(keyOf(place));
    const step = stepOf("parked", data, origin);
    this.#parked.set(keyOf(place), {
      ...data,
      projection: place.projection,
      // As it was recorded by a projector.
      partition: data.partition as PartitionKey,
      sinceMs: known?.sinceMs ?? origin.recordedAtMs,
      isReleasing: false,
      history: historyAfter(known, step),
    });
  }

  #release(key: string, step: ParkingStep): void {
    const known = this.#parked.get(key);
    if (known === undefined) return;
    const releases = known.releases + 1;
    const history = historyAfter(known, step);
    this.#parked.set(key, { ...known, releases, isReleasing: true, history });
  }

  #discard(
    projection: string,
    data: Extract<ParkingEvent, { type: "ParkedEventDiscarded" }>["data"],
    origin: Origin,
  ): void {
    const { stream, position, sequence, fault, reason } = data;
    const partition = data.partition as PartitionKey;
    const { recordedAtMs: atMs, actor } = origin;
    const event = { partition, stream, position, sequence, fault, reason, atMs, actor };
    this.#discarded.set(projection, [...this.discardedOf(projection), event]);
    for (const [key, one] of this.#parked) {
      const isThere = one.partition === partition && one.position === position;
      if (one.projection !== projection || !isThere) continue;
      this.#release(key, stepOf("discarded", data, origin));
    }
  }
}

export function isParkingEvent(event: OperationsEvent): event is ParkingEvent {
  switch (event.type) {
    case "StreamParked":
    case "StreamReleaseRequested":
    case "StreamReleased":
    case "ParkedEventDiscarded":
      return true;
    default:
      return false;
  }
}

function stepOf(
  what: ParkingStep["what"],
  { position, reason }: { readonly position: number; readonly reason: string },
  { recordedAtMs: atMs, actor }: Origin,
): ParkingStep {
  return { atMs, what, position, reason, actor };
}

function historyAfter(known: ParkedRecord | undefined, step: ParkingStep) {
  return [...(known?.history ?? []), step].slice(-MOST_STEPS);
}

function keyOf({ projection, generation, partition, stream }: Place): string {
  return JSON.stringify([projection, generation, partition, stream]);
}
