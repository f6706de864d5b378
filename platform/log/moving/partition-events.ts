import { envelopeOf, isControl } from "../../codec/codec.ts";
import { type LogReader, type LogRecord, OWNER_KEY, type PartitionRef } from "../log.ts";

/** What is read at once. */
const READ_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

/** The events of a partition that count, in order: no control records and no void events. */
export class PartitionEvents {
  readonly partition: PartitionRef;
  /** The position it will read next. */
  next = 0;
  readonly #log: LogReader;
  #highestClaim = -1;
  /** The last event it gave was not its command's last. */
  #isInCommand = false;

  constructor(log: LogReader, partition: PartitionRef) {
    this.#log = log;
    this.partition = partition;
  }

  /** Piece by piece what stands before `end`, and what belongs to the last command there. */
  async *upTo(end: number): AsyncGenerator<readonly LogRecord[]> {
    while (this.next < end || this.#isInCommand) {
      const records = await this.#log.read(this.partition, this.next, READ_LIMITS);
      if (records.length === 0) return;
      yield this.#take(records, end);
    }
  }

  #take(records: readonly LogRecord[], end: number): readonly LogRecord[] {
    const events: LogRecord[] = [];
    for (const record of records) {
      if (record.position >= end && !this.#isInCommand) break;
      this.next = record.position + 1;
      if (this.#counts(record)) events.push(record);
    }
    return events;
  }

  #counts(record: LogRecord): boolean {
    if (isControl(record)) {
      if (record.key !== OWNER_KEY) return false;
      this.#highestClaim = record.position;
      this.#isInCommand = false;
      return false;
    }
    const { epoch, commandIndex, commandEvents } = envelopeOf(record);
    if (epoch < this.#highestClaim) return false;
    this.#isInCommand = commandIndex + 1 < commandEvents;
    return true;
  }
}
