/**
 * Lifts the data of an event by one schema version. Avro has already given it the newest shape:
 * fields the old version lacks hold their defaults. What a default cannot say is filled in here.
 * Pure; `data` is not changed.
 */
export interface Upcaster<Data = unknown> {
  readonly fullName: string;
  /** The version it lifts from; the next one is what it makes. */
  readonly fromVersion: number;
  upcast(data: Data): Data;
}
