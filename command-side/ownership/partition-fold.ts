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
}

/** A partition read from its beginning into a state, as far as it was read. */
export class PartitionFold {
  readonly state: PartitionState;
  /** The next position it will read. */
  end = 0;
  readonly #parts: FoldParts;
  #highestClaim = -1;
  #reading: Promise<void> | null = null;
  #isWhole = true;

  constructor(parts: FoldParts) {
    this.#parts = parts;
    this.state = new PartitionState(parts.aggregate);
  }

  /** False once some of the records that were read could not be folded: begin another. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Reads to where the partition ends now. */
  async catchUp(): Promise<void> {
    await this.#reading;
    this.#reading = this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { log, codec, partition } = this.#parts;
    for (;;) {
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
