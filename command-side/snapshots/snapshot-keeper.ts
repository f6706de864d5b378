import { setTimeout as sleep } from "node:timers/promises";
import { type PartitionKey, type PartitionRef, partitionKey } from "../../platform/log/log.ts";
import type { SnapshotMarker } from "../../platform/snapshots/snapshot-store.ts";
import { type Resting, type WriteParts, writeSnapshot } from "./write-snapshot.ts";

export interface SnapshotObserver {
  /** So many positions of the partition would be read by a start now. */
  onGap(partition: PartitionRef, positions: number): void;
  onWritten(partition: PartitionRef, marker: SnapshotMarker, seconds: number): void;
  /** There is no new snapshot; the older one stays. */
  onNotWritten(partition: PartitionRef, reason: string): void;
}

export interface KeeperParts extends Pick<WriteParts, "store" | "clock"> {
  /** Of the partitions that this process owns now. */
  readonly owners: () => readonly Resting[];
  /** Positions of a partition from one snapshot to the next. */
  readonly everyEvents: number;
  readonly observer: SnapshotObserver;
}

const LOOK_EVERY_MILLISECONDS = 1_000;
/** Writing so many bytes takes some twentieth of what deciding an event does: the larger a set, the
 *  more events until the next one. */
const BYTES_PER_EVENT = 2_048;
/** At the end of a process fewer are worth a snapshot, as far as there is time. */
const LAST_FROM_EVENTS = 1_000;
const LAST_WITHIN_MILLISECONDS = 5_000;

/** Has the snapshots of a process's partitions written, one at a time. */
export class SnapshotKeeper {
  readonly #parts: KeeperParts;
  /** The last snapshot of each partition that was written here, or where writing it failed. */
  readonly #last = new Map<PartitionKey, Pick<SnapshotMarker, "position" | "bytes">>();
  #stop = new AbortController();
  #running: Promise<void> | null = null;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Of owners that have stopped, as far as there is time; one that is under way is given up. */
  async finish(owners: readonly Resting[]): Promise<void> {
    this.#stop.abort();
    await this.#running;
    const signal = AbortSignal.timeout(LAST_WITHIN_MILLISECONDS);
    for (const owner of owners) await this.#writeIfDue(owner, LAST_FROM_EVENTS, signal);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const pause = { signal, ref: false };
      await sleep(LOOK_EVERY_MILLISECONDS, undefined, pause).catch(() => undefined);
      for (const owner of signal.aborted ? [] : this.#parts.owners()) {
        await this.#writeIfDue(owner, this.#parts.everyEvents, signal);
      }
    }
  }

  async #writeIfDue(owner: Resting, fromEvents: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { observer } = this.#parts;
    const { partition } = owner;
    const rest = await owner.atRest((now) => now);
    if (rest === null) return;
    const last = this.#newer(partition, rest.snapshot);
    const gap = rest.end - (last?.position ?? 0);
    observer.onGap(partition, gap);
    if (gap < Math.max(fromEvents, (last?.bytes ?? 0) / BYTES_PER_EVENT)) return;
    // What fails is not tried again before as many events again.
    this.#last.set(partitionKey(partition), { position: rest.end, bytes: last?.bytes ?? 0 });
    await this.#write(owner, signal);
  }

  async #write(owner: Resting, signal: AbortSignal): Promise<void> {
    const { store, clock, observer } = this.#parts;
    const { partition } = owner;
    const startedMs = performance.now();
    try {
      const marker = await writeSnapshot(owner, { store, clock, signal });
      const seconds = (performance.now() - startedMs) / 1000;
      if (marker === null) {
        observer.onNotWritten(partition, "it was given up: the state changed hands, or time is up");
        return;
      }
      this.#last.set(partitionKey(partition), marker);
      observer.onWritten(partition, marker, seconds);
      observer.onGap(partition, marker.through - marker.position);
    } catch (error) {
      observer.onNotWritten(partition, (error as Error).message);
    }
  }

  #newer(partition: PartitionRef, loaded: SnapshotMarker | null) {
    const last = this.#last.get(partitionKey(partition));
    return last !== undefined && last.position > (loaded?.position ?? -1) ? last : loaded;
  }
}
