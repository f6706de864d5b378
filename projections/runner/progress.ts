import type { PartitionKey } from "../../platform/log/log.ts";
import type { Applied } from "./partition-feeder.ts";
import type { Checkpoint, ParkedStream } from "./read-store.ts";

/** How far a generation is in one partition. */
export interface PartitionProgress {
  readonly partition: PartitionKey;
  readonly position: number;
  /** The end of the partition in the log, as last seen. */
  readonly end: number;
  /** Events applied since the runner began. */
  readonly events: number;
  readonly voidEvents: number;
  /** Timestamp of the last record applied, epoch ms; 0 before the first. */
  readonly recordedAtMs: number;
  readonly parked: readonly ParkedNow[];
  /** `parked` is what this process has found or written, and nobody else has changed since. */
  readonly isParkedKnown: boolean;
  /** By this process; else by another one, or by none now. */
  readonly isFedHere: boolean;
  /** It has been at the end of the log since the runner began. */
  readonly caughtUp: boolean;
}

export interface ParkedNow extends ParkedStream {
  /** The order to release it that came to nothing last; `null`: none has since it was taken. */
  readonly orderInVain: number | null;
}

/** Keeps the progress of all partitions of one runner. */
export class Progress {
  readonly #partitions = new Map<PartitionKey, PartitionProgress>();

  constructor(partitions: readonly PartitionKey[]) {
    for (const partition of partitions) this.#partitions.set(partition, atStart(partition));
  }

  get partitions(): readonly PartitionProgress[] {
    return [...this.#partitions.values()];
  }

  get positions(): ReadonlyMap<PartitionKey, number> {
    return new Map(this.partitions.map(({ partition, position }) => [partition, position]));
  }

  get parkedStreams(): number {
    return this.partitions.reduce((sum, { parked }) => sum + parked.length, 0);
  }

  get caughtUp(): boolean {
    return this.partitions.every(({ caughtUp }) => caughtUp);
  }

  fedHere(partition: PartitionKey, isFedHere: boolean): void {
    this.#change(partition, { isFedHere, isParkedKnown: false });
  }

  /** Where another process has got it to; it may have come here since that was read. */
  fedElsewhere(partition: PartitionKey, checkpoint: Checkpoint): void {
    if (!this.#of(partition).isFedHere) this.taken(partition, checkpoint, { isHere: false });
  }

  taken(
    partition: PartitionKey,
    { next, recordedAtMs, parked: streams }: Checkpoint,
    { isHere: isParkedKnown }: { readonly isHere: boolean },
  ): void {
    const parked = streams.map((stream) => ({ ...stream, orderInVain: null }));
    this.#change(partition, { position: next, recordedAtMs, parked, isParkedKnown });
  }

  applied(applied: Applied): void {
    const before = this.#of(applied.partition);
    this.#change(applied.partition, {
      position: applied.next,
      end: Math.max(before.end, applied.next),
      events: before.events + applied.events,
      voidEvents: before.voidEvents + applied.voidEvents,
      recordedAtMs: applied.recordedAtMs,
      parked: parkedAfter(before.parked, applied),
    });
  }

  /** A read at `end` found nothing more. */
  reachedEnd(partition: PartitionKey, end: number): void {
    this.#change(partition, { end, caughtUp: true });
  }

  /** The log's end now. Who has passed the end seen the last time keeps up with the log. */
  sawEnd(partition: PartitionKey, end: number): void {
    const before = this.#of(partition);
    const keptUp = before.end > 0 && before.position >= before.end;
    this.#change(partition, { end, caughtUp: before.caughtUp || keptUp });
  }

  #of(partition: PartitionKey): PartitionProgress {
    return this.#partitions.get(partition) ?? atStart(partition);
  }

  #change(partition: PartitionKey, change: Partial<PartitionProgress>): void {
    this.#partitions.set(partition, { ...this.#of(partition), ...change });
  }
}

function parkedAfter(
  before: readonly ParkedNow[],
  { parked, released, orderInVain }: Applied,
): readonly ParkedNow[] {
  if (parked.length === 0 && released.length === 0) return before;
  const kept = before.filter(({ stream }) => !released.includes(stream));
  return [...kept, ...parked.map((stream) => ({ ...stream, orderInVain }))];
}

function atStart(partition: PartitionKey): PartitionProgress {
  return {
    partition,
    position: 0,
    end: 0,
    events: 0,
    voidEvents: 0,
    recordedAtMs: 0,
    parked: [],
    isParkedKnown: false,
    isFedHere: false,
    caughtUp: false,
  };
}
