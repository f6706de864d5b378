import { type LogRecord, type ReadLimits, recordBytes } from "../../platform/log/log.ts";

/** Long enough to make a commit cheap, short enough that a waiting reader does not notice. */
const TARGET_WRITE_MS = 50;
/** Of a backlog where that harms nobody: a busy server takes 300 ms for however few records. */
const BACKLOG_WRITE_MS = 500;
/** Fewer cost as much as these where a batch is some journeys to a server. */
const SMALLEST_RECORDS = 256;
const LARGEST_RECORDS = 8_192;
const FIRST_RECORDS = 512;
/** Ticks travel many in a record, so that a batch is limited by its bytes too. */
const BYTES_PER_RECORD = 1_024;
const LARGEST_STEP = 2;

/** How many records to take at once, so that writing them takes about the target time. */
export class BatchSize {
  #backlogWriteMs: number;
  #records = FIRST_RECORDS;

  constructor({ takesLongBatches }: { readonly takesLongBatches: boolean }) {
    this.#backlogWriteMs = takesLongBatches ? BACKLOG_WRITE_MS : TARGET_WRITE_MS;
  }

  /** From now on somebody waits for the end of a batch. */
  keepShort(): void {
    this.#backlogWriteMs = TARGET_WRITE_MS;
  }

  get limits(): ReadLimits {
    return { maxRecords: this.#records, maxBytes: this.#records * BYTES_PER_RECORD };
  }

  /**
   * Learns from a written batch; one that did not fill its limits tells at most to shrink.
   * `isSlowed`: somebody may lag because of it, and waits for its end.
   */
  wrote(writeMs: number, of: { readonly isFull: boolean; readonly isSlowed: boolean }): void {
    const targetMs = of.isFull && !of.isSlowed ? this.#backlogWriteMs : TARGET_WRITE_MS;
    const factor = targetMs / Math.max(writeMs, 0.1);
    if (factor > 1 && !of.isFull) return;
    const step = Math.min(Math.max(factor, 1 / LARGEST_STEP), LARGEST_STEP);
    const records = Math.round(this.#records * step);
    this.#records = Math.min(Math.max(records, SMALLEST_RECORDS), LARGEST_RECORDS);
  }
}

/** The limits have cut it short: there may be more. */
export function isFull(records: readonly LogRecord[], limits: ReadLimits): boolean {
  if (records.length >= limits.maxRecords) return true;
  let bytes = 0;
  for (const record of records) bytes += recordBytes(record);
  return bytes >= limits.maxBytes / 2;
}
