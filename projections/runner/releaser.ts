import type { EventReader } from "../../platform/codec/codec.ts";
import {
  type LogReader,
  type PartitionKey,
  type PartitionRef,
  partitionKey,
} from "../../platform/log/log.ts";
import { highestClaimAt } from "./highest-claim.ts";
import { type Parking, UNORDERED } from "./parking.ts";
import type { Projection } from "./projection.ts";
import {
  type ApplyOutcome,
  type Batch,
  DataError,
  type ParkedStream,
  type ReadStore,
} from "./read-store.ts";
import { type Step, stepsOf } from "./steps.ts";
import { type ReleasedPiece, StreamRelease } from "./stream-release.ts";

const READ_LIMITS = { maxRecords: 2_000, maxBytes: 4 * 1024 * 1024 };

/** Where a feeder stands; it writes nothing else while a piece of a release is written. */
export interface Standing {
  readonly next: number;
  readonly epoch: number;
  readonly highestClaim: number;
  readonly recordedAtMs: number;
  readonly parked: ReadonlyMap<string, ParkedStream>;
}

export interface ReleaserParts {
  readonly projection: Projection;
  readonly store: ReadStore;
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly partition: PartitionRef;
  readonly parking: Parking;
  /** Retries what fails for reasons that pass. */
  persist<T>(doing: string, work: () => Promise<T>): Promise<T>;
}

/** A piece of a release that was written, or not. */
export interface Written extends ReleasedPiece {
  readonly stream: string;
  readonly order: number;
  readonly outcome: ApplyOutcome;
  readonly writeMs: number;
}

/** Releases parked streams of one partition, one at a time, as ordered. */
export class Releaser {
  readonly #parts: ReleaserParts;
  readonly #key: PartitionKey;
  #release: StreamRelease | null = null;
  /** Orders that came to nothing here: the stream is parked again, and they are not tried twice. */
  readonly #inVain = new Map<string, number>();

  constructor(parts: ReleaserParts) {
    this.#parts = parts;
    this.#key = partitionKey(parts.partition);
  }

  get isUnderWay(): boolean {
    return this.#release !== null;
  }

  /** The checkpoint is not where it was thought to be: begins anew where the stream is parked. */
  forget(): void {
    this.#release = null;
    this.#inVain.clear();
  }

  /** Reads on in what is ordered; true: a piece can be written while the feeder stands there. */
  async isReady(standing: Standing): Promise<boolean> {
    this.#release ??= await this.#ordered(standing);
    if (this.#release === null) return false;
    const { parked } = standing;
    const read = (from: number, claim: number) => this.#read(parked, from, claim);
    return this.#release.isReady(standing.next, read);
  }

  /** Writes the piece that is ready. */
  async write(standing: Standing): Promise<Written> {
    const release = this.#release;
    if (release === null) throw new Error("no release is under way");
    for (let count = release.most; ; count = Math.max(1, count >> 1)) {
      const written = await this.#tryToWrite(release, count, standing);
      if (written !== null) return written;
    }
  }

  /**
   * `null`: fewer events are to be tried, for it was too much or the store refuses some; one alone
   * once more, as an event that cannot be applied.
   */
  async #tryToWrite(
    release: StreamRelease,
    count: number,
    standing: Standing,
  ): Promise<Written | null> {
    const { changesAtOnce = Number.POSITIVE_INFINITY } = this.#parts.store;
    try {
      const piece = release.piece(count);
      if (piece.changes.length > changesAtOnce && count > 1) return null;
      return await this.#apply(release, piece, standing);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (count <= 1 && !release.refuseFirst(error.message)) throw error;
      return null;
    }
  }

  async #apply(
    release: StreamRelease,
    piece: ReleasedPiece,
    { next, epoch, highestClaim, recordedAtMs }: Standing,
  ): Promise<Written> {
    const { stream, order } = release;
    const batch: Batch = {
      ...{ partition: this.#key, expected: next, next, epoch, highestClaim, recordedAtMs },
      changes: piece.changes,
      causes: piece.causes,
      parked: piece.parked === null ? [] : [piece.parked],
      released: [stream],
    };
    const startedMs = performance.now();
    const { store, persist } = this.#parts;
    const outcome = await persist("release", () => store.apply(batch));
    if (outcome === "applied") {
      release.wrote(piece.steps.length);
      if (piece.parked === null || piece.isInVain) this.#release = null;
      if (piece.isInVain && order !== UNORDERED) this.#inVain.set(stream, order);
    }
    return { ...piece, stream, order, outcome, writeMs: performance.now() - startedMs };
  }

  async #ordered({ parked: all }: Standing): Promise<StreamRelease | null> {
    const { parking, projection, log, partition, persist } = this.#parts;
    for (const parked of all.values()) {
      const { stream, position } = parked;
      const order = parking.orderOf(this.#key, stream, position);
      if (order === null || order === this.#inVain.get(stream)) continue;
      const find = () => highestClaimAt(log, partition, position);
      const highestClaim = await persist("find the claim", find);
      return new StreamRelease({ projection, parked, order, highestClaim });
    }
    return null;
  }

  /** What others are parked from is left out, as when it was applied. */
  async #read(
    parked: ReadonlyMap<string, ParkedStream>,
    from: number,
    highestClaim: number,
  ): Promise<readonly Step[]> {
    const { log, codec, projection, partition, parking, persist } = this.#parts;
    const records = await persist("read", async () => {
      const found = await log.read(partition, from, READ_LIMITS);
      await codec.prepare(found);
      return found;
    });
    const others = parkedFrom(parked);
    others.delete(this.#release?.stream ?? "");
    const isDiscarded = (position: number) => parking.isDiscarded(this.#key, position);
    const of = { projection, codec, partition, highestClaim, parked: others, isDiscarded };
    return stepsOf(records, of);
  }
}

export function parkedFrom(parked: ReadonlyMap<string, ParkedStream>): Map<string, number> {
  return new Map([...parked.values()].map(({ stream, position }) => [stream, position]));
}
