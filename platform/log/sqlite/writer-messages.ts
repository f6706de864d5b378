import type { AppendResult, NewRecord, PartitionRef, Reign } from "../log.ts";
import { encodeHeaders } from "./headers.ts";

/** Records as they cross to the writer's thread: the bytes of all values in one moved buffer. */
export interface PackedRecords {
  readonly keys: readonly string[];
  readonly headers: readonly string[];
  readonly values: Uint8Array<ArrayBuffer>;
  /** Where each value ends in `values`. */
  readonly ends: readonly number[];
}

/** What is merged into transactions. */
export type WriteRequest =
  | {
      readonly kind: "append";
      /** Of the span in which it is asked; `null`: it is not traced. */
      readonly traceparent: string | null;
      readonly reign: Reign;
      readonly expectedEnd: number;
      readonly records: PackedRecords;
    }
  | { readonly kind: "claim"; readonly partition: PartitionRef; readonly records: PackedRecords };

/** A request that was carried out or refused, for sure. */
export type SettledAnswer = AppendResult | { readonly outcome: "claimed"; readonly epoch: number };

/** `failed`: an error; whether it was written is unknown. */
export type WriteAnswer = SettledAnswer | { readonly outcome: "failed"; readonly detail: string };

/** To the writer's thread. */
export type ToWriter =
  | { readonly kind: "write"; readonly id: number; readonly request: WriteRequest }
  | { readonly kind: "limitPages"; readonly maxPageCount: number }
  | { readonly kind: "close" };

/** From the writer's thread: that it is open, or the answers of one transaction. */
export type FromWriter =
  | { readonly kind: "open" }
  | { readonly kind: "answers"; readonly answers: readonly (readonly [number, WriteAnswer])[] };

export interface WriterOptions {
  readonly folder: string;
  /** The file's limit in pages; `null` leaves it to the disk. */
  readonly maxPageCount: number | null;
}

export function packRecords(records: readonly NewRecord[]): PackedRecords {
  const length = records.reduce((sum, { value }) => sum + value.length, 0);
  const values = new Uint8Array(length);
  const ends: number[] = [];
  let end = 0;
  for (const { value } of records) {
    values.set(value, end);
    end += value.length;
    ends.push(end);
  }
  const keys = records.map(({ key }) => key);
  return { keys, headers: records.map((record) => encodeHeaders(record.headers)), values, ends };
}
