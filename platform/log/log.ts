/**
 * The event log: topics of partitions, each a gapless sequence of records that only its owner
 * appends to. SQLite (embedded) and Kafka (distributed) stand behind this port; the contract suite
 * in `test/contracts/log.contract.ts` runs against both.
 */

/** One partition of one topic. */
export interface PartitionRef {
  readonly topic: string;
  readonly partition: number;
}

export type Headers = Readonly<Record<string, string>>;

/** The key of claims; the log itself makes nothing else of keys. */
export const OWNER_KEY = "~owner";

/** A record to append. `value` is in Confluent wire format. */
export interface NewRecord {
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Headers;
}

/** A record as it stands in the log; `position` starts at 0 and has no holes. */
export interface LogRecord extends NewRecord {
  readonly position: number;
  /** When we wrote it, epoch ms; never falls within a partition. */
  readonly timestampMs: number;
}

/** What a record counts towards `maxBytes`. */
export function recordBytes({ key, value, headers }: NewRecord): number {
  let size = key.length + value.length;
  for (const name in headers) size += name.length + (headers[name] as string).length;
  return size;
}

/** A reign over one partition: it begins with a claim, whose own position is its epoch. */
export interface Reign extends PartitionRef {
  readonly epoch: number;
}

/**
 * `fenced`: another owner has claimed since; nothing was written.
 * `misplaced`: the end is not `expectedEnd`, so the caller's fold is not of this log; not written.
 * `disk_full`: the disk has no room; nothing was written, everything acknowledged is kept.
 * `rejected`: the log never takes these records, whatever is tried; nothing was written, and the
 * reign is over: claim anew.
 */
export type AppendResult =
  | { readonly outcome: "appended"; readonly firstPosition: number; readonly timestampMs: number }
  | { readonly outcome: "fenced" }
  | { readonly outcome: "misplaced"; readonly end: number }
  | { readonly outcome: "disk_full" }
  | { readonly outcome: "rejected"; readonly reason: string };

export interface ReadLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Where records were added; `null`: anywhere. */
export type Moved = ReadonlySet<PartitionKey> | null;

export interface LogReader {
  /** The topics there are, with their number of partitions. */
  topics(): Promise<ReadonlyMap<string, number>>;
  /** The identity in the partition's newest `LogCreated`; `null` where there is none. */
  logId(): Promise<string>;
  /** Records from `from` on, in order, as many as there are and the limits allow; empty at the end.
   *  One record comes even if it alone is beyond `maxBytes`. */
  read(partition: PartitionRef, from: number, limits: ReadLimits): Promise<readonly LogRecord[]>;
  /** The end (next position) of each partition of the topic. */
  ends(topic: string): Promise<readonly number[]>;
  /** Of each partition of the topic, the end as it was at that time: after the last record that
   *  was written then or before. */
  endsAt(topic: string, timestampMs: number): Promise<readonly number[]>;
  /** Calls `listener` after records were added anywhere (by this process or another); calls are
   *  coalesced, and say where, if that is known. Returns the function that ends it. */
  onAppended(listener: (moved: Moved) => void): () => void;
  close(): Promise<void>;
}

export interface Log extends LogReader {
  /**
   * Appends `claim` (a `PartitionClaimed` event) and makes its position the partition's epoch: from
   * then on every append of an earlier reign is refused.
   */
  claim(partition: PartitionRef, claim: NewRecord): Promise<Reign>;
  /** Appends all records or none, durably, if `reign` still holds and the end is `expectedEnd`. */
  append(reign: Reign, expectedEnd: number, records: readonly NewRecord[]): Promise<AppendResult>;
  /** True while nobody has claimed since. Answers without an append leave only after this. */
  stillReigns(reign: Reign): Promise<boolean>;
}

/** A position vector: the next position per partition, keyed `topic/partition`. */
export type Positions = ReadonlyMap<PartitionKey, number>;

export type PartitionKey = `${string}/${number}`;

export function partitionKey(partition: PartitionRef): PartitionKey {
  return `${partition.topic}/${partition.partition}`;
}

export function parsePartitionKey(key: PartitionKey): PartitionRef {
  const slash = key.lastIndexOf("/");
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) };
}
