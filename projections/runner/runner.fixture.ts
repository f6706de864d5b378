import { setTimeout as sleep } from "node:timers/promises";
import type { EventReader } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { Event } from "../../platform/kernel/decider.ts";
import type { LogReader, LogRecord, Moved, PartitionRef } from "../../platform/log/log.ts";
import { partitionKey } from "../../platform/log/log.ts";
import type { Change, Projection } from "./projection.ts";
import type { Batch, ReadStore } from "./read-store.ts";

export const TOPIC = "counters.events";
const FIRST_TIME_MS = 1_700_000_000_000;

/** `Counted {value}`: the fixture's only event. A value that is no number cannot be decoded. */
export interface Counted extends Event {
  readonly type: "Counted";
  readonly data: { readonly value: number };
}

export const counters: Projection<Counted> = {
  name: "counters",
  version: 1,
  topics: [TOPIC],
  tables: {
    counters: { key: { counter: "text" }, columns: { value: "integer" } },
    history: {
      key: { counter: "text", sequence: "integer" },
      columns: { value: "integer" },
      immutable: true,
    },
  },
  project({ aggregateId: counter, sequence, event }): readonly Change[] {
    const { value } = event.data;
    if (value === UNPROJECTABLE) throw new Error("the projection cannot do this");
    return [
      { table: "counters", row: { counter, value } },
      { table: "history", row: { counter, sequence, value } },
    ];
  },
};

/** Values on which something fails: decoding, projecting, or writing (no integer). */
export const UNDECODABLE = Number.NaN;
export const UNPROJECTABLE = -1;
export const UNWRITABLE = 0.5;

/** A log in memory; `epoch` of the events is the last claim unless given. */
export class MemoryLog implements LogReader {
  readonly #partitions: LogRecord[][];
  readonly #listeners = new Set<(moved: Moved) => void>();
  readonly #sequences = new Map<string, number>();
  readonly id: string;
  failReads = 0;

  constructor(partitions = 1, id = "log-1") {
    this.id = id;
    this.#partitions = Array.from({ length: partitions }, () => []);
    for (let partition = 0; partition < partitions; partition += 1) {
      this.#add(partition, {
        key: "~log",
        headers: { ce_type: "cipherhorizon.platform.LogCreated" },
      });
      this.claim(partition);
    }
  }

  claim(partition = 0): number {
    const headers = { ce_type: "cipherhorizon.platform.PartitionClaimed" };
    return this.#add(partition, { key: "~owner", headers });
  }

  /** Gives the position of the event. */
  count(counter: string, value: number, more: { partition?: number; epoch?: number } = {}): number {
    const { partition = 0, epoch = 1 } = more;
    const sequence = (this.#sequences.get(counter) ?? 0) + 1;
    this.#sequences.set(counter, sequence);
    const headers = {
      ce_type: "fixture.Counted",
      ce_sequence: String(sequence),
      ce_epoch: String(epoch),
      value: String(value),
    };
    return this.#add(partition, { key: counter, headers });
  }

  async topics(): Promise<ReadonlyMap<string, number>> {
    return new Map([[TOPIC, this.#partitions.length]]);
  }

  async logId(): Promise<string> {
    return this.id;
  }

  async read(
    { partition }: PartitionRef,
    from: number,
    { maxRecords }: { maxRecords: number },
  ): Promise<readonly LogRecord[]> {
    if (this.failReads > 0) {
      this.failReads -= 1;
      throw new Error("the log does not answer");
    }
    return this.#partitions[partition]?.slice(from, from + maxRecords) ?? [];
  }

  async ends(): Promise<readonly number[]> {
    return this.#partitions.map(({ length }) => length);
  }

  async endsAt(_topic: string, timestampMs: number): Promise<readonly number[]> {
    return this.#partitions.map((records) => {
      return records.filter((record) => record.timestampMs <= timestampMs).length;
    });
  }

  onAppended(listener: (moved: Moved) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  #add(partition: number, { key, headers }: Pick<LogRecord, "key" | "headers">): number {
    const records = this.#partitions[partition] as LogRecord[];
    const position = records.length;
    const value = new Uint8Array();
    records.push({ position, timestampMs: FIRST_TIME_MS + position, key, headers, value });
    for (const listener of this.#listeners) listener(null);
    return position;
  }
}

/** Reads the fixture's event out of the headers. */
export const memoryCodec: EventReader & { failPrepares: number } = {
  failPrepares: 0,
  schemaIds: () => [],
  async prepare() {
    if (this.failPrepares === 0) return;
    this.failPrepares -= 1;
    throw new Error("the registry does not answer");
  },
  decode(topic, partition, { key, headers, position, timestampMs }): RecordedEvent {
    const value = Number(headers.value);
    if (Number.isNaN(value)) throw new Error("cannot be decoded");
    return {
      eventId: `${partitionKey({ topic, partition })}/${position}`,
      aggregateId: key,
      sequence: Number(headers.ce_sequence),
      epoch: Number(headers.ce_epoch),
      commandId: "",
      commandIndex: 0,
      commandEvents: 1,
      commandHash: "",
      correlationId: "",
      causationId: null,
      causationPosition: null,
      actor: "",
      traceparent: null,
      event: { type: "Counted", data: { value }, occurredAtMs: timestampMs },
      topic,
      partition,
      position,
      recordedAtMs: timestampMs,
    };
  },
};

/** A store that fails as told, before or after the batch has been written. */
export class FailingStore implements ReadStore {
  readonly #store: ReadStore;
  readonly applied: Batch[] = [];
  changesAtOnce = Number.POSITIVE_INFINITY;
  longBatches: "always" | "builds" = "always";
  /** What each write takes longer. */
  slowMs = 0;
  failBefore = 0;
  failAfter = 0;

  constructor(store: ReadStore) {
    this.#store = store;
  }

  create: ReadStore["create"] = (how) => this.#store.create(how);
  take: ReadStore["take"] = (partition, logId) => this.#store.take(partition, logId);
  rows: ReadStore["rows"] = (...range) => this.#store.rows(...range);
  row: ReadStore["row"] = (table, key) => this.#store.row(table, key);
  checkpoints: ReadStore["checkpoints"] = () => this.#store.checkpoints();
  drop: ReadStore["drop"] = () => this.#store.drop();
  close: ReadStore["close"] = () => this.#store.close();

  apply: ReadStore["apply"] = async (batch) => {
    if (this.failBefore > 0) {
      this.failBefore -= 1;
      throw new Error("the store does not answer");
    }
    if (this.slowMs > 0) await sleep(this.slowMs);
    const outcome = await this.#store.apply(batch);
    if (outcome === "applied") this.applied.push(batch);
    if (this.failAfter === 0) return outcome;
    this.failAfter -= 1;
    throw new Error("the answer was lost");
  };
}
