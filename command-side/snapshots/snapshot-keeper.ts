import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type PartitionKey, type PartitionRef, partitionKey } from "../../platform/log/log.ts";
import type { SnapshotMarker } from "../../platform/snapshots/snapshot-store.ts";
import { newestSnapshot } from "./load-snapshot.ts";
import { type Rest, type Resting, type WriteParts, writeSnapshot } from "./write-snapshot.ts";

export interface SnapshotObserver {
  /** So many positions of the partition would be read by a start now. */
  onGap(partition: PartitionRef, positions: number): void;
  onWritten(partition: PartitionRef, marker: SnapshotMarker, seconds: number): void;
  /** There is no new snapshot; the older one stays. */
  onNotWritten(partition: PartitionRef, reason: string): void;
}

/** A snapshot as far as it tells when the next one is due. */
type Known = Pick<SnapshotMarker, "position" | "bytes">;

/** One look at some partitions. */
interface Look {
  readonly fromEvents: number;
  readonly signal: AbortSignal;
  readonly onGap: SnapshotObserver["onGap"];
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
  /** The newest snapshot of each partition that is known here, or where writing it failed. */
  readonly #last = new Map<PartitionKey, Known>();
  readonly #stop = new AbortController();
  #beginning: Promise<void> | null = null;
  #running: Promise<void> | null = null;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** What is due of partitions that are owned elsewhere, before this process takes any of them. */
  async begin(followed: readonly Resting[]): Promise<void> {
    const { everyEvents: fromEvents } = this.#parts;
    this.#beginning = this.#writeDue(followed, {
      ...UNTOLD,
      fromEvents,
      signal: this.#stop.signal,
    });
    await this.#beginning;
  }

  /** Begins none any more; one that is under way is given up. */
  stop(): void {
    this.#stop.abort();
  }

  /** Of partitions that nobody changes any more, as far as there is time. */
  async finish(ended: readonly Resting[]): Promise<void> {
    this.stop();
    const signal = AbortSignal.timeout(LAST_WITHIN_MILLISECONDS);
    const fromEvents = Math.min(LAST_FROM_EVENTS, this.#parts.everyEvents);
    const before = Promise.all([this.#beginning, this.#running]);
    const work = before.then(() => this.#writeDue(ended, { ...UNTOLD, fromEvents, signal }));
    // A store that does not answer must not keep the process from ending.
    await Promise.race([work, once(signal, "abort")]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { owners, everyEvents: fromEvents, observer } = this.#parts;
    const onGap: Look["onGap"] = (...gap) => observer.onGap(...gap);
    while (!signal.aborted) {
      const pause = { signal, ref: false };
      await sleep(LOOK_EVERY_MILLISECONDS, undefined, pause).catch(() => undefined);
      await this.#writeDue(owners(), { fromEvents, signal, onGap });
    }
  }

  async #writeDue(all: readonly Resting[], look: Look): Promise<void> {
    for (const one of all) if (!look.signal.aborted) await this.#writeIfDue(one, look);
  }

  async #writeIfDue(resting: Resting, look: Look): Promise<void> {
    const rest = await resting.atRest((now) => now);
    if (rest === null) return;
    const { partition } = resting;
    const last = this.#newer(partition, rest.snapshot);
    look.onGap(partition, rest.end - (last?.position ?? 0));
    if (!isDue(rest, last, look)) return;
    // What fails is not tried again before as many events again.
    this.#last.set(partitionKey(partition), { position: rest.end, bytes: last?.bytes ?? 0 });
    await this.#write(resting, rest, look);
  }

  async #write(resting: Resting, rest: Rest, look: Look): Promise<void> {
    const { store, clock, observer } = this.#parts;
    const { partition } = resting;
    try {
      const { state, logId, end } = rest;
      const stored = await newestSnapshot(state.aggregate, { store, partition, logId, end });
      if (stored !== null && !isDue(rest, stored.marker, look)) {
        this.#last.set(partitionKey(partition), stored.marker);
        return;
      }
      const startedMs = performance.now();
      const marker = await writeSnapshot(resting, { store, clock, signal: look.signal });
      const seconds = (performance.now() - startedMs) / 1000;
      if (marker === null) {
        observer.onNotWritten(partition, "it was given up: the state changed hands, or time is up");
        return;
      }
      this.#last.set(partitionKey(partition), marker);
      observer.onWritten(partition, marker, seconds);
      look.onGap(partition, marker.through - marker.position);
    } catch (error) {
      observer.onNotWritten(partition, (error as Error).message);
    }
  }

  #newer(partition: PartitionRef, loaded: SnapshotMarker | null): Known | null {
    const last = this.#last.get(partitionKey(partition));
    return last !== undefined && last.position > (loaded?.position ?? -1) ? last : loaded;
  }
}

/** Only of what a process owns it tells how far behind its snapshots are. */
const UNTOLD = { onGap: () => undefined };

function isDue({ end }: Rest, last: Known | null, { fromEvents }: Look): boolean {
  const gap = end - (last?.position ?? 0);
  return gap >= Math.max(fromEvents, (last?.bytes ?? 0) / BYTES_PER_EVENT);
}
