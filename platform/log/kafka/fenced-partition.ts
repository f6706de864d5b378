import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../errors/catalogue.ts";
import type { AppendResult, NewRecord, PartitionRef, Reign } from "../log.ts";
import { type KafkaCluster, REQUEST_WITHIN_MILLISECONDS } from "./kafka-cluster.ts";
import { isPassing, verdictOf } from "./kafka-errors.ts";
import type { KafkaLogReader } from "./kafka-log-reader.ts";
import { produceCall } from "./protocol-calls.ts";
import { type Compression, encodeRecordBatch } from "./record-batch.ts";

/** How often a claim is tried again while others claim the same partition, or a leader moves. */
const CLAIMS_IN_A_ROW = 20;
const LONGEST_PAUSE_MILLISECONDS = 500;
/** The broker waits a little shorter for its replicas than we for its answer. */
const PRODUCE_WITHIN_MILLISECONDS = REQUEST_WITHIN_MILLISECONDS - 1_000;
/** Kafka's sequence numbers of a producer are int32; a claim begins them anew long before. */
const LAST_SEQUENCE = 2 ** 30;
const EMPTY = 0;

export interface FencedPartitionParts {
  readonly cluster: KafkaCluster;
  readonly reader: KafkaLogReader;
  readonly partition: PartitionRef;
  readonly compression: Compression;
}

/** What a producer that the broker has let in knows. */
interface Session {
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly epoch: number;
  nextSequence: number;
  /** The partition's end: this producer's are the only writes. */
  end: number;
  lastTimestampMs: number;
}

/**
 * The fenced append. Kafka cannot append "if the end is still N", but a partition that has a record
 * of a producer refuses every batch of an earlier one of the same transactional id. So a claim is:
 * initialise the id `<topic>-<partition>`, which gives the producer's number, and write a record;
 * from that record on nobody else moves the end. (Until it is written a predecessor's last batch
 * may still come in before it: initialising alone fences nothing.) One request is under way at a
 * time, each one atomic batch, and after the first error whose outcome is not known the producer is
 * never used again.
 */
export class FencedPartition {
  readonly #parts: FencedPartitionParts;
  #session: Session | null = null;
  /** After an outcome that is not known nobody goes on with the old reign. */
  #isInDoubt = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: FencedPartitionParts) {
    this.#parts = parts;
  }

  claim(claim: NewRecord): Promise<Reign> {
    return this.#inTurn(async () => {
      const { partition } = this.#parts;
      const session = await this.#begin((end) => (end === EMPTY ? null : claim));
      if (session === null) throw withoutFirst(partition);
      return { topic: partition.topic, partition: partition.partition, epoch: session.epoch };
    });
  }

  /** Writes the first record of a partition; false: there is one. */
  writeFirst(record: NewRecord): Promise<boolean> {
    return this.#inTurn(async () => {
      const session = await this.#begin((end) => (end === EMPTY ? record : null));
      this.#session = null;
      return session !== null;
    });
  }

  append(reign: Reign, expectedEnd: number, records: readonly NewRecord[]): Promise<AppendResult> {
    return this.#inTurn(async () => {
      const session = await this.#sessionOf(reign);
      if (session === null) return { outcome: "fenced" };
      if (session.end !== expectedEnd) return { outcome: "misplaced", end: session.end };
      const { lastTimestampMs: timestampMs, end: firstPosition } = session;
      if (records.length === 0) return { outcome: "appended", firstPosition, timestampMs };
      return this.#appendIn(session, records);
    });
  }

  /** Nobody has claimed since: the partition ends where this reign's last append left it. */
  async stillReigns(reign: Reign): Promise<boolean> {
    if (this.#session === null) return !this.#isInDoubt && this.#isNewestClaim(reign);
    return this.#inTurn(async () => {
      const session = this.#session;
      return session?.epoch === reign.epoch && (await this.#end()) === session.end;
    });
  }

  /**
   * Of a reign that began before this log was opened, too, where nobody has claimed since. (No two
   * processes have one reign: whoever goes on with it has closed what it began with.)
   */
  async #sessionOf(reign: Reign): Promise<Session | null> {
    if (this.#isInDoubt) throw inDoubt(this.#parts.partition);
    if (this.#session !== null) return this.#session.epoch === reign.epoch ? this.#session : null;
    // Looked at before initialising, which would fence a rightful owner.
    if (!(await this.#isNewestClaim(reign))) return null;
    const session = await this.#enter();
    if (!(await this.#isNewestClaim(reign))) return null;
    this.#session = { ...session, epoch: reign.epoch };
    return this.#session;
  }

  /** One after another; an error is its caller's alone. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run, run);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /**
   * A session that has written what `firstOf` makes of the partition's end; null: it makes nothing.
   * While others claim too, each may be fenced between its initialising and its writing.
   */
  async #begin(firstOf: (end: number) => NewRecord | null): Promise<Session | null> {
    this.#session = null;
    this.#isInDoubt = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#tryToBegin(firstOf);
      } catch (error) {
        const isWorthAnother = verdictOf(error) === "fenced" || isPassing(error);
        if (!isWorthAnother || attempt === CLAIMS_IN_A_ROW) throw this.#notClaimed(error);
        await sleep(Math.random() * Math.min(LONGEST_PAUSE_MILLISECONDS, 2 ** attempt));
        if (isPassing(error)) await this.#parts.cluster.refresh();
      }
    }
  }

  async #tryToBegin(firstOf: (end: number) => NewRecord | null): Promise<Session | null> {
    const session = await this.#enter();
    const first = firstOf(session.end);
    if (first === null) return null;
    const epoch = await this.#produce(session, [first]);
    const lastTimestampMs = await this.#latest(session, epoch);
    this.#session = { ...session, epoch, end: epoch + 1, lastTimestampMs };
    this.#parts.reader.sawEnd(this.#parts.partition, epoch + 1);
    return this.#session;
  }

  /** Of what stands up to its first record: until that, its predecessor has appended on. */
  async #latest({ end, lastTimestampMs }: Session, epoch: number): Promise<number> {
    if (epoch === end) return lastTimestampMs;
    const { partition, reader } = this.#parts;
    const [before] = await reader.read(partition, epoch - 1, ONE_RECORD);
    return Math.max(lastTimestampMs, before?.timestampMs ?? 0);
  }

  async #enter(): Promise<Session> {
    const { cluster, partition, reader } = this.#parts;
    const id = `${cluster.topicName(partition.topic)}-${partition.partition}`;
    const { producerId, producerEpoch } = await cluster.initProducer(id);
    const end = await this.#end();
    const [last] = end === EMPTY ? [] : await reader.read(partition, end - 1, ONE_RECORD);
    const lastTimestampMs = last?.timestampMs ?? 0;
    return { producerId, producerEpoch, epoch: end, nextSequence: 0, end, lastTimestampMs };
  }

  async #appendIn(session: Session, records: readonly NewRecord[]): Promise<AppendResult> {
    if (session.nextSequence > LAST_SEQUENCE) {
      this.#session = null;
      this.#isInDoubt = true;
      throw inDoubt(this.#parts.partition);
    }
    const { partition } = this.#parts;
    const firstPosition = session.end;
    try {
      const baseOffset = await this.#produce(session, records);
      if (baseOffset !== firstPosition) throw misplaced(partition, baseOffset, firstPosition);
      session.end = firstPosition + records.length;
      this.#parts.reader.sawEnd(partition, session.end);
      return { outcome: "appended", firstPosition, timestampMs: session.lastTimestampMs };
    } catch (error) {
      this.#session = null;
      const verdict = verdictOf(error);
      this.#isInDoubt = verdict !== "fenced";
      if (verdict === "fenced") return { outcome: "fenced" };
      if (verdict === "rejected") return { outcome: "rejected", reason: (error as Error).message };
      throw error;
    }
  }

  /** Gives the position of the first record. */
  async #produce(session: Session, records: readonly NewRecord[]): Promise<number> {
    const { cluster, partition, compression } = this.#parts;
    const timestampMs = Math.max(session.lastTimestampMs, Date.now());
    const { producerId, producerEpoch, nextSequence: firstSequence } = session;
    const producer = { producerId, producerEpoch, firstSequence };
    const batch = encodeRecordBatch({ ...producer, records, timestampMs, compression });
    const call = produceCall({
      topic: cluster.topicName(partition.topic),
      partition: partition.partition,
      batch,
      timeoutMs: PRODUCE_WITHIN_MILLISECONDS,
    });
    const baseOffset = await cluster.toLeader(partition, call);
    session.nextSequence += records.length;
    session.lastTimestampMs = timestampMs;
    return baseOffset;
  }

  async #isNewestClaim({ epoch }: Reign): Promise<boolean> {
    if (epoch < 0) return false;
    return (await this.#parts.reader.newestClaim(this.#parts.partition, epoch)) === epoch;
  }

  #end(): Promise<number> {
    return this.#parts.reader.end(this.#parts.partition);
  }

  #notClaimed(cause: unknown): Error {
    if (cause instanceof PlatformError) return cause;
    const { topic, partition } = this.#parts.partition;
    const detail = `${topic}/${partition} cannot be claimed: ${(cause as Error).message}`;
    return new PlatformError("LOG_UNAVAILABLE", detail);
  }
}

const ONE_RECORD = { maxRecords: 1, maxBytes: 1 };

/** Somebody writes who must not, or the partition was made anew. */
function misplaced({ topic, partition }: PartitionRef, found: number, expected: number): Error {
  return new Error(`${topic}/${partition}: written at ${found}, expected at ${expected}`);
}

function inDoubt({ topic, partition }: PartitionRef): PlatformError {
  const detail = `${topic}/${partition} has to be claimed anew before anything is appended`;
  return new PlatformError("LOG_UNAVAILABLE", detail);
}

function withoutFirst({ topic, partition }: PartitionRef): PlatformError {
  const detail =
    `${topic}/${partition} has no first record, which names the log it belongs to; ` +
    "cipherhorizon topics apply writes it";
  return new PlatformError("LOG_UNAVAILABLE", detail);
}
