import type { ProjectionEvent } from "./events.ts";

/** A stream that one generation has set aside. */
export interface ParkedStream {
  readonly generation: number;
  readonly partition: string;
  readonly stream: string;
  readonly position: number;
  readonly sequence: number;
  readonly reason: string;
  /** Releases that were ordered, this one among them where one is under way. */
  readonly releases: number;
  readonly isReleasing: boolean;
}

export interface ParkingState {
  /** Of generations that are not over. */
  readonly parked: ReadonlyMap<string, ParkedStream>;
  /** `portfolio.events/0@12`: events that are given up, for ever. */
  readonly discarded: ReadonlySet<string>;
}

type ParkingEvent = Extract<
  ProjectionEvent,
  { type: "StreamParked" | "StreamReleaseRequested" | "StreamReleased" | "ParkedEventDiscarded" }
>;
type Place = Pick<ParkedStream, "generation" | "partition" | "stream">;

export const NOTHING_PARKED: ParkingState = { parked: new Map(), discarded: new Set() };

export function parkedAt({ parked }: ParkingState, place: Place): ParkedStream | undefined {
  return parked.get(keyOf(place));
}

export function evolveParking(state: ParkingState, event: ParkingEvent): ParkingState {
  switch (event.type) {
    case "StreamParked":
      return withParked(state, { ...event.data, isReleasing: false });
    case "StreamReleaseRequested": {
      const known = parkedAt(state, event.data);
      return known === undefined ? state : withParked(state, releasing(known));
    }
    case "StreamReleased": {
      const parked = new Map(state.parked);
      parked.delete(keyOf(event.data));
      return { ...state, parked };
    }
    case "ParkedEventDiscarded":
      return withDiscarded(state, event.data);
  }
}

/** What it has set aside is gone with it. */
export function withoutGeneration(state: ParkingState, generation: number): ParkingState {
  const kept = [...state.parked].filter(([, parked]) => parked.generation !== generation);
  return { ...state, parked: new Map(kept) };
}

export function discardText(partition: string, position: number): string {
  return `${partition}@${position}`;
}

function withParked(state: ParkingState, parked: ParkedStream): ParkingState {
  return { ...state, parked: new Map(state.parked).set(keyOf(parked), parked) };
}

/** Every generation that is parked there goes on behind it. */
function withDiscarded(
  state: ParkingState,
  { partition, position }: Pick<ParkedStream, "partition" | "position">,
): ParkingState {
  const parked = new Map(state.parked);
  for (const [key, one] of parked) {
    if (one.partition === partition && one.position === position) parked.set(key, releasing(one));
  }
  const discarded = new Set(state.discarded).add(discardText(partition, position));
  return { parked, discarded };
}

function releasing(parked: ParkedStream): ParkedStream {
  return { ...parked, releases: parked.releases + 1, isReleasing: true };
}

function keyOf({ generation, partition, stream }: Place): string {
  return JSON.stringify([generation, partition, stream]);
}
