import type { PartitionKey } from "../../platform/log/log.ts";

/** An operator wants the stream released; its number tells one try from the next. */
export interface ReleaseOrder {
  readonly partition: PartitionKey;
  readonly stream: string;
  readonly order: number;
}

/** What was decided about parked streams of one generation, as `operations.events` tell it. */
export interface ParkingOrders {
  readonly releases: readonly ReleaseOrder[];
  /** Positions of the events that are given up, per partition. */
  readonly discarded: ReadonlyMap<PartitionKey, readonly number[]>;
}

const NO_ORDERS: ParkingOrders = { releases: [], discarded: new Map() };

/** A release that nobody ordered: the event at which the stream is parked was given up. */
export const UNORDERED = 0;

/** The orders that the feeders of a generation follow; they change while it is fed. */
export class Parking {
  #orders: ParkingOrders;
  #discarded: ReadonlyMap<PartitionKey, ReadonlySet<number>>;
  readonly #listeners = new Set<() => void>();

  constructor(orders: ParkingOrders = NO_ORDERS) {
    this.#orders = orders;
    this.#discarded = positionSets(orders);
  }

  give(orders: ParkingOrders): void {
    this.#orders = orders;
    this.#discarded = positionSets(orders);
    for (const listener of this.#listeners) listener();
  }

  /** Calls back when there are new orders, until the function it gives is called. */
  onOrders(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isDiscarded(partition: PartitionKey, position: number): boolean {
    return this.#discarded.get(partition)?.has(position) ?? false;
  }

  /** The order by which a stream parked there is to be released; `null`: it stays parked. */
  orderOf(partition: PartitionKey, stream: string, position: number): number | null {
    const given = this.#orders.releases.find((one) => {
      return one.partition === partition && one.stream === stream;
    });
    if (given !== undefined) return given.order;
    return this.isDiscarded(partition, position) ? UNORDERED : null;
  }
}

function positionSets({ discarded }: ParkingOrders) {
  return new Map([...discarded].map(([partition, positions]) => [partition, new Set(positions)]));
}
