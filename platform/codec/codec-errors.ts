import type { PartitionRef } from "../log/log.ts";

/**
 * `BAD_MAGIC`: the value is not in Confluent wire format.
 * `UNKNOWN_SCHEMA`: the registry has no schema with the value's id, or `prepare` was not called.
 * `UNKNOWN_EVENT`: the schema is of an event this code does not know.
 * `INCOMPATIBLE_SCHEMA`: the schema cannot be read by the newest version in this code.
 * `MALFORMED_BODY`: the body is cut off, too long, or not what its schema says.
 * `MALFORMED_HEADER`: an attribute is missing or not of its form.
 */
export type DecodeErrorCode =
  | "BAD_MAGIC"
  | "UNKNOWN_SCHEMA"
  | "UNKNOWN_EVENT"
  | "INCOMPATIBLE_SCHEMA"
  | "MALFORMED_BODY"
  | "MALFORMED_HEADER";

/** Where the record stands that could not be decoded. */
export interface RecordPlace extends PartitionRef {
  readonly position: number;
}

/** What is wrong with a record's value or headers, before its place is known. */
export class MalformedRecord extends Error {
  readonly code: DecodeErrorCode;

  constructor(code: DecodeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MalformedRecord";
    this.code = code;
  }
}

/** A record that cannot be decoded: a data error, never a reason to try again. */
export class DecodeError extends Error {
  readonly code: DecodeErrorCode;
  readonly topic: string;
  readonly partition: number;
  readonly position: number;

  constructor(place: RecordPlace, cause: MalformedRecord) {
    super(`${place.topic}/${place.partition} at ${place.position}: ${cause.message}`, { cause });
    this.name = "DecodeError";
    this.code = cause.code;
    this.topic = place.topic;
    this.partition = place.partition;
    this.position = place.position;
  }
}

/** An event that does not fit its schema: a bug of the decider that made it. */
export class EncodeError extends Error {
  readonly eventType: string;

  constructor(eventType: string, message: string, options?: ErrorOptions) {
    super(`${eventType}: ${message}`, options);
    this.name = "EncodeError";
    this.eventType = eventType;
  }
}
