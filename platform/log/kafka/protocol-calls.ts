import type { LogRecord } from "../log.ts";
import { createErrorFromCode, Encoder, type ProtocolCall } from "./kafkajs-internals.ts";
import { decodeRecordBatches } from "./record-batch.ts";
import { Cursor } from "./varint.ts";

/** The two requests that carry records; versions that every broker since 2.3 understands. */
const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: "Produce" } as const;
const FETCH = { apiKey: 1, apiVersion: 11, apiName: "Fetch" } as const;

const ALL_IN_SYNC_REPLICAS = -1;
const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;
const NO_SESSION = { id: 0, epoch: -1 };
const UNKNOWN = -1;

export interface ProduceRequest {
  readonly topic: string;
  readonly partition: number;
  /** One encoded record batch. */
  readonly batch: Buffer;
  readonly timeoutMs: number;
}

/** Appends one batch and gives its first offset; throws the protocol's error. */
export function produceCall(request: ProduceRequest): ProtocolCall<number> {
  const { topic, partition, batch, timeoutMs } = request;
  return {
    request: {
      ...PRODUCE,
      encode: async () => {
        const ofPartition = new Encoder().writeInt32(partition).writeBytes(batch);
        return new Encoder()
          .writeString(null)
          .writeInt16(ALL_IN_SYNC_REPLICAS)
          .writeInt32(timeoutMs)
          .writeArray([new Encoder().writeString(topic).writeArray([ofPartition])]);
      },
    },
    response: { decode: async (payload) => answered(producedAt(payload)), parse: dataOf },
    requestTimeout: timeoutMs,
  };
}

/** Of one topic with one partition: `[topic, [partition, error, base offset, …]], throttle`. */
function producedAt(payload: Buffer): number {
  const cursor = new Cursor(payload);
  expectOne(cursor.int32());
  cursor.skip(cursor.int16());
  expectOne(cursor.int32());
  cursor.skip(4);
  throwIfError(cursor.int16());
  return cursor.int64();
}

interface FetchPlace {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
}

export interface FetchRequest {
  readonly places: readonly FetchPlace[];
  /** Of each partition; its first batch comes whole, however large. */
  readonly maxBytes: number;
  /** Of each partition; what stands in a batch behind the last of them comes, too. */
  readonly maxRecords: number;
  /** How long the broker waits for a first record; 0 answers at once. */
  readonly waitMs: number;
}

interface Fetched {
  readonly topic: string;
  readonly partition: number;
  /** The next offset that will be written, of what all in-sync replicas have. */
  readonly end: number;
  /** The first offset there is. */
  readonly start: number;
  readonly records: readonly LogRecord[];
}

export function fetchCall(request: FetchRequest): ProtocolCall<readonly Fetched[]> {
  const from = new Map(request.places.map((place) => [`${place.topic}/${place.partition}`, place]));
  const recordsOf: RecordsOf = (set, topic, partition) => {
    const first = from.get(`${topic}/${partition}`)?.from ?? 0;
    return decodeRecordBatches(set, first, request.maxRecords);
  };
  return {
    request: { ...FETCH, encode: async () => encodeFetch(request) },
    response: { decode: async (payload) => answered(fetched(payload, recordsOf)), parse: dataOf },
  };
}

type RecordsOf = (set: Buffer, topic: string, partition: number) => readonly LogRecord[];

function encodeFetch({ places, maxBytes, waitMs }: FetchRequest): Encoder {
  const topics = new Map<string, Encoder[]>();
  for (const { topic, partition, from } of places) {
    const encoded = new Encoder()
      .writeInt32(partition)
      .writeInt32(UNKNOWN)
      .writeInt64(BigInt(from))
      .writeInt64(BigInt(UNKNOWN))
      .writeInt32(maxBytes);
    topics.set(topic, [...(topics.get(topic) ?? []), encoded]);
  }
  const encodedTopics = [...topics].map(([topic, partitions]) => {
    return new Encoder().writeString(topic).writeArray(partitions);
  });
  return new Encoder()
    .writeInt32(NO_REPLICA)
    .writeInt32(waitMs)
    .writeInt32(1)
    .writeInt32(maxBytes * Math.max(1, places.length))
    .writeInt8(READ_UNCOMMITTED)
    .writeInt32(NO_SESSION.id)
    .writeInt32(NO_SESSION.epoch)
    .writeArray(encodedTopics)
    .writeArray([])
    .writeString("");
}

/**
 * throttle, error, session, then per topic and partition: number, error, end, stable end, start,
 * aborted transactions (16 bytes each), preferred replica, record set.
 */
function fetched(payload: Buffer, recordsOf: RecordsOf) {
  const cursor = new Cursor(payload);
  cursor.skip(4);
  throwIfError(cursor.int16());
  cursor.skip(4);
  const all: Fetched[] = [];
  for (let topics = cursor.int32(); topics > 0; topics -= 1) {
    const topic = cursor.text(cursor.int16());
    for (let partitions = cursor.int32(); partitions > 0; partitions -= 1) {
      all.push(fetchedPartition(cursor, topic, recordsOf));
    }
  }
  return all;
}

function fetchedPartition(cursor: Cursor, topic: string, recordsOf: RecordsOf): Fetched {
  const partition = cursor.int32();
  throwIfError(cursor.int16());
  const end = cursor.int64();
  cursor.skip(8);
  const start = cursor.int64();
  cursor.skip(Math.max(0, cursor.int32()) * 16);
  cursor.skip(4);
  const set = cursor.bytes(Math.max(0, cursor.int32()));
  return { topic, partition, end, start, records: recordsOf(set, topic, partition) };
}

function throwIfError(code: number): void {
  if (code !== 0) throw createErrorFromCode(code);
}

function expectOne(count: number): void {
  if (count !== 1) throw new RangeError(`${count} in an answer where one was asked for`);
}

/** kafkajs asks each answer how long the broker wants to be left alone; it throttles by itself. */
function answered<Data>(data: Data) {
  return { clientSideThrottleTime: 0, data };
}

async function dataOf<Data>({ data }: { readonly data: Data }): Promise<Data> {
  return data;
}
