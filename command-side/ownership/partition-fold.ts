import { type EventCodec, isControl, OWNER_KEY } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { LogReader, LogRecord, PartitionRef } from "../../platform/log/log.ts";
import type { SnapshotMarker, SnapshotStore } from "../../platform/snapshots/snapshot-store.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import { loadSnapshot } from "../snapshots/load-snapshot.ts";
import type { Rest, Resting } from "../snapshots/write-snapshot.ts";
import type { OwnerObserver } from "./owner-observer.ts";
import { PartitionState, SequenceHole } from "./partition-state.ts";

const FOLD_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

export interface FoldParts {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly partition: PartitionRef;
  readonly aggregate: AggregateDefinition;
  readonly observer: Pick<
    OwnerObserver,
    "onFolded" | "onEvents" | "onVoidEvent" | "onSnapshotUnusable"
  >;
  /** Left out: every fold begins where the partition does. */
  readonly snapshots?: SnapshotStore;
  /** Where another has come to, to go on from there; without it from a snapshot, or the beginning. */
  readonly reached?: Reached;
}

/** `snapshot`: that the state was folded from; null: all of it comes from the log. */
type Reached = Omit<Rest, "logId">;

/** A partition folded from its newest snapshot, or from its beginning, as far as it was read. */
export class PartitionFold implements Resting {
  readonly #parts: FoldParts;
  #state: PartitionState;
  #end: number;
  #highestClaim: number;
  /** Of the snapshot that it began with. */
  #marker: SnapshotMarker | null;
  #hasBegun: boolean;
  #isFolded: boolean;
  #reading: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #isWhole = true;
  #isHandedOn = false;

  constructor(parts: FoldParts) {
    this.#parts = parts;
    const { reached } = parts;
    this.#state = reached?.state ?? new PartitionState(parts.aggregate);
    this.#end = reached?.end ?? 0;
    this.#highestClaim = reached?.highestClaim ?? -1;
    this.#marker = reached?.snapshot ?? null;
    // The observer knows what another has come to.
    this.#hasBegun = reached !== undefined;
    this.#isFolded = reached !== undefined;
  }

  get partition(): PartitionRef {
    return this.#parts.partition;
  }

  get state(): PartitionState {
    return this.#state;
  }

  /** The next position it will read. */
  get end(): number {
    return this.#end;
  }

  /** False once some of the records that were read could not be folded: begin another. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Where it has come to, for an owner that goes on from there: the state is changed by it alone. */
  handOn(): Reached {
    this.#isHandedOn = true;
    const { state, end } = this;
    return { state, end, highestClaim: this.#highestClaim, snapshot: this.#marker };
  }

  /** What was folded stands in the log: it rests whenever no record is being folded. */
  async atRest<T>(visit: (rest: Rest) => T): Promise<T | null> {
    const logId = await this.#parts.log.logId();
    if (!this.#isFolded || !this.#isWhole || this.#isHandedOn) return null;
    const [highestClaim, snapshot] = [this.#highestClaim, this.#marker];
    return visit({ state: this.#state, end: this.#end, highestClaim, snapshot, logId });
  }

  /**
   * Reads to where the partition ends now. A reading that is under way may have missed what was
   * appended since it began, so that all who ask meanwhile share the one after it.
   */
  catchUp(): Promise<void> {
    this.#next ??= this.#readNext();
    return this.#next;
  }

  async #readNext(): Promise<void> {
    // What came of it is told to those who asked for it.
    await this.#reading.catch(() => undefined);
    this.#reading = this.#isFolded ? this.#read() : this.#begin();
    this.#next = null;
    return this.#reading;
  }

  async #begin(): Promise<void> {
    const startedMs = performance.now();
    if (!this.#hasBegun) await this.#beginWithSnapshot();
    this.#hasBegun = true;
    await this.#read().catch((error: unknown) => this.#foldAnew(error));
    this.#isFolded = true;
    const seconds = (performance.now() - startedMs) / 1000;
    const { partition, aggregate, observer } = this.#parts;
    observer.onFolded({
      partition,
      aggregate: aggregate.name,
      states: () => this.#state.streams(),
      from: this.#marker?.position ?? 0,
      end: this.#end,
      seconds,
    });
  }

  /** What cannot be loaded, for whatever reason, is folded from the log instead. */
  async #beginWithSnapshot(): Promise<void> {
    const { log, partition, snapshots: store, observer } = this.#parts;
    if (store === undefined) return;
    try {
      const end = (await log.ends(partition.topic))[partition.partition] as number;
      const parts = { store, partition, logId: await log.logId(), end };
      this.#marker = await loadSnapshot(this.#state, parts);
      this.#end = this.#marker?.position ?? 0;
      this.#highestClaim = this.#marker?.highestClaim ?? -1;
    } catch (error) {
      observer.onSnapshotUnusable(partition, (error as Error).message);
      this.#state = new PartitionState(this.#parts.aggregate);
    }
  }

  /** A hole behind a snapshot may be the snapshot's fault: the log alone is asked again. */
  async #foldAnew(error: unknown): Promise<void> {
    if (this.#marker === null || !(error instanceof SequenceHole)) throw error;
    const { partition, aggregate, observer } = this.#parts;
    observer.onSnapshotUnusable(partition, error.message);
    this.#state = new PartitionState(aggregate);
    this.#marker = null;
    this.#end = 0;
    this.#highestClaim = -1;
    this.#isWhole = true;
    await this.#read();
  }

  async #read(): Promise<void> {
    const { log, codec, partition } = this.#parts;
    // Its owner may go on appending as fast as it is read.
    const end = (await log.ends(partition.topic))[partition.partition] ?? 0;
    while (this.#end < end) {
      const records = await log.read(partition, this.#end, FOLD_LIMITS);
      if (records.length === 0) return;
      await codec.prepare(records);
      this.#isWhole = false;
      this.#fold(records);
      this.#isWhole = true;
      this.#end = (records.at(-1) as LogRecord).position + 1;
    }
  }

  #fold(records: readonly LogRecord[]): void {
    const { codec, partition: ref, observer } = this.#parts;
    const { topic, partition } = ref;
    const events: RecordedEvent[] = [];
    for (const record of records) {
      if (isControl(record)) {
        if (record.key === OWNER_KEY) this.#highestClaim = record.position;
        continue;
      }
      const recorded = codec.decode(topic, partition, record);
      if (recorded.epoch < this.#highestClaim) {
        // Written by an owner after its reign: what the broker forgot to refuse does not count.
        observer.onVoidEvent(topic);
        continue;
      }
      this.#state.fold(recorded);
      events.push(recorded);
    }
    // Before, the states tell it all at once.
    if (this.#isFolded) observer.onEvents(events);
  }
}
