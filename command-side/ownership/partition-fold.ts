import { type EventCodec, isControl, OWNER_KEY } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { LogReader, LogRecord, PartitionRef } from "../../platform/log/log.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import type { OwnerObserver } from "./owner-observer.ts";
import { PartitionState } from "./partition-state.ts";

const FOLD_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

export interface FoldParts {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly partition: PartitionRef;
  readonly aggregate: AggregateDefinition;
  readonly observer: Pick<OwnerObserver, "onEvents" | "onVoidEvent">;
  /** Where another has come to, to go on from there; without it from the beginning. */
  readonly reached?: Reached;
}

interface Reached {
  readonly state: PartitionState;
  readonly end: number;
  readonly highestClaim: number;
}

/** A partition read into a state, as far as it was read. */
export class PartitionFold {
  readonly state: PartitionState;
  /** The next position it will read. */
  end: number;
  readonly #parts: FoldParts;
  #highestClaim: number;
  #reading: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #isWhole = true;

  constructor(parts: FoldParts) {
    this.#parts = parts;
    this.state = parts.reached?.state ?? new PartitionState(parts.aggregate);
    this.end = parts.reached?.end ?? 0;
    this.#highestClaim = parts.reached?.highestClaim ?? -1;
  }

  /** False once some of the records that were read could not be folded: begin another. */
  get isWhole(): boolean {
    return this.#isWhole;
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
    this.#reading = this.#read();
    this.#next = null;
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { log, codec, partition } = this.#parts;
    // Its owner may go on appending as fast as it is read.
    const end = (await log.ends(partition.topic))[partition.partition] ?? 0;
    while (this.end < end) {
      const records = await log.read(partition, this.end, FOLD_LIMITS);
      if (records.length === 0) return;
      await codec.prepare(records);
      this.#isWhole = false;
      this.#fold(records);
      this.#isWhole = true;
      this.end = (records.at(-1) as LogRecord).position + 1;
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
      this.state.fold(recorded);
      events.push(recorded);
    }
    observer.onEvents(events);
  }
}
