import { BYTES_VERSION, fromBytes, toBytes } from "../../platform/snapshots/exact-bytes.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import type { WindowPiece } from "../ownership/command-window.ts";
import type { PartitionState } from "../ownership/partition-state.ts";

/**
 * What a snapshot's chunks hold. Each aggregate stands as bytes of its own, so that they are taken
 * one by one: at different times, each whole.
 */
type StateChunk =
  | { readonly type: "aggregates"; readonly aggregates: readonly FrozenAggregate[] }
  | { readonly type: "window"; readonly piece: WindowPiece }
  /** With every event before `through` in it. */
  | { readonly type: "view"; readonly view: unknown; readonly through: number };

interface FrozenAggregate {
  readonly id: string;
  /** The sequence of the last event in it. */
  readonly version: number;
  readonly state: Uint8Array;
}

/** Of the chunks; rises when they or `WindowPiece` change. */
const CHUNK_VERSION = 1;
const WINDOW_ENTRIES_PER_CHUNK = 32_768;
const CHUNK_BYTES = 256 * 1024;
/** Taking a chunk ends after this time, with at least one aggregate in it. */
const TAKE_MILLISECONDS = 2;

/** Which sets this program can read. */
export function snapshotVersion({ stateVersion }: Pick<AggregateDefinition, "stateVersion">) {
  return `${stateVersion}.${CHUNK_VERSION}.${BYTES_VERSION}`;
}

/**
 * Takes a state in pieces of a few milliseconds; the caller lets it change only in between. What
 * begins after the first moment is left to the log, so that it comes to an end.
 */
export class StateTaker {
  readonly #state: PartitionState;
  readonly #streams: ReturnType<PartitionState["streams"]>;
  #stage: "aggregates" | "window" | "view" | "done" = "aggregates";
  readonly #chunkBytes: number;
  #aggregatesLeft: number;
  #window = 0;
  readonly #windowEnd: number;

  /** A chunk takes about `chunkBytes`, or as many as one aggregate has. */
  constructor(state: PartitionState, chunkBytes = CHUNK_BYTES) {
    this.#state = state;
    this.#chunkBytes = chunkBytes;
    this.#streams = state.streams();
    this.#aggregatesLeft = state.aggregates;
    this.#windowEnd = state.window.added;
  }

  /** Whether it takes from this state; another is another fold of the same events. */
  isOf(state: PartitionState): boolean {
    return this.#state === state;
  }

  /** The next chunk, `end` being where the log of the state as it is now ends; null: all is taken. */
  next(end: number): Uint8Array | null {
    switch (this.#stage) {
      case "aggregates":
        return this.#nextAggregates() ?? this.next(end);
      case "window":
        return this.#nextOfWindow() ?? this.next(end);
      case "view":
        return this.#viewNow(end);
      case "done":
        return null;
    }
  }

  #nextAggregates(): Uint8Array | null {
    const aggregates: FrozenAggregate[] = [];
    const endsAtMs = performance.now() + TAKE_MILLISECONDS;
    for (let bytes = 0; bytes < this.#chunkBytes && performance.now() < endsAtMs; ) {
      const { value } = this.#streams.next();
      if (value === undefined || this.#aggregatesLeft === 0) {
        this.#stage = "window";
        break;
      }
      this.#aggregatesLeft -= 1;
      const [id, { version, state }] = value;
      const frozen = toBytes(freeze(this.#state.aggregate, state));
      aggregates.push({ id, version, state: frozen });
      bytes += frozen.length;
    }
    return aggregates.length === 0 ? null : chunkOf({ type: "aggregates", aggregates });
  }

  /** Ids that are forgotten meanwhile are left out. */
  #nextOfWindow(): Uint8Array | null {
    while (this.#window < this.#windowEnd) {
      const to = Math.min(this.#windowEnd, this.#window + WINDOW_ENTRIES_PER_CHUNK);
      const piece = this.#state.window.piece(this.#window, to);
      this.#window = to;
      if (piece.positions.length > 0) return chunkOf({ type: "window", piece });
    }
    this.#stage = "view";
    return null;
  }

  #viewNow(through: number): Uint8Array | null {
    this.#stage = "done";
    const { view } = this.#state.aggregate;
    if (view === undefined) return null;
    const frozen = view.freezing?.freeze(this.#state.view) ?? this.#state.view;
    return chunkOf({ type: "view", view: frozen, through });
  }
}

/** Puts back what a chunk holds; `through`: nothing of its snapshot is younger. */
export function restoreChunk(state: PartitionState, bytes: Uint8Array, through: number): void {
  const chunk = fromBytes(bytes) as StateChunk;
  const { aggregate } = state;
  switch (chunk.type) {
    case "aggregates":
      for (const { id, version, state: frozen } of chunk.aggregates) {
        state.restore(id, { version, state: thaw(aggregate, fromBytes(frozen)) }, through);
      }
      return;
    case "window":
      state.window.restore(chunk.piece);
      return;
    case "view":
      state.restoreView(aggregate.view?.freezing?.thaw(chunk.view) ?? chunk.view, chunk.through);
  }
}

/** As plain values. */
export function freeze({ freezing }: AggregateDefinition, state: unknown): unknown {
  return freezing === undefined ? state : freezing.freeze(state);
}

function thaw({ freezing }: AggregateDefinition, frozen: unknown): unknown {
  return freezing === undefined ? frozen : freezing.thaw(frozen);
}

function chunkOf(chunk: StateChunk): Uint8Array {
  return toBytes(chunk);
}
