import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { type EventCodec, eventId, openCodec } from "../../platform/codec/codec.ts";
import type { Envelope } from "../../platform/codec/envelope.ts";
import type { SchemaRegistry } from "../../platform/codec/registry.ts";
import { openSqliteRegistry } from "../../platform/codec/sqlite-registry.ts";
import { partitionOf } from "../../platform/kernel/hash.ts";
import type { Headers, NewRecord, Reign } from "../../platform/log/log.ts";
import { openSqliteLog, type SqliteLog } from "../../platform/log/sqlite/sqlite-log.ts";
import { logFile } from "../../platform/log/sqlite/tables.ts";
import type { Problem } from "../../platform/log/verify/partition-check.ts";
import { type LogReport, verifyLog } from "../../platform/log/verify.ts";

const TOPIC = "operations.events";
const PARTITIONS = 2;
const topics = [{ topic: TOPIC, context: "operations", partitions: PARTITIONS }];
/** Two aggregates of partition 0, and one that belongs into partition 1. */
const [ONE, TWO, ELSEWHERE] = [keyOf(0, 0), keyOf(0, 1), keyOf(1, 0)];

describe("log verify", () => {
  let folder: string;
  let log: SqliteLog;
  let registry: SchemaRegistry;
  let codec: EventCodec;
  let reign: Reign;
  let end: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-verify-"));
    registry = openSqliteRegistry({ folder });
    codec = await openCodec({ registry, topics });
    log = await openSqliteLog({ folder, topics, encodeLogCreated: codec.encodeLogCreated });
    await claim();
    await append([
      ...command(ONE, "first", { sequence: 1, events: 1 }),
      ...command(TWO, "second", { sequence: 1, events: 3 }),
      ...command(ONE, "third", { sequence: 2, events: 2 }),
    ]);
  });

  afterEach(async () => {
    await log.close();
    await registry.close();
    rmSync(folder, { recursive: true });
  });

  async function claim(): Promise<void> {
    const record = codec.encodeClaim(TOPIC, "test", Date.now());
    reign = await log.claim({ topic: TOPIC, partition: 0 }, record);
    end = reign.epoch + 1;
  }

  async function append(records: readonly NewRecord[]): Promise<void> {
    expect((await log.append(reign, end, records)).outcome).to.equal("appended");
    end += records.length;
  }

  /** The events of one command, as an owner would write them. */
  function command(
    aggregateId: string,
    commandId: string,
    { sequence, events }: { sequence: number; events: number },
  ): NewRecord[] {
    return Array.from({ length: events }, (_, index) => {
      const envelope: Envelope = {
        eventId: eventId(TOPIC, aggregateId, commandId, index),
        aggregateId,
        sequence: sequence + index,
        epoch: reign.epoch,
        commandId,
        commandIndex: index,
        commandEvents: events,
        commandHash: "0".repeat(64),
        correlationId: commandId,
        causationId: null,
        causationPosition: null,
        actor: "test",
        traceparent: null,
      };
      const data = { generation: sequence + index, reason: "a test" };
      return codec.encode(TOPIC, { type: "GenerationRetired", data, occurredAtMs: 1 }, envelope);
    });
  }

  function verify(): Promise<LogReport> {
    return verifyLog({ log, codec });
  }

  /** The problems of partition 0 as `kind position`. */
  async function problems(): Promise<string[]> {
    const report = await verify();
    expect(report.isSound).to.equal(report.problems === 0);
    const [partition] = report.partitions;
    return (partition?.problems ?? []).map(({ kind, position }: Problem) => `${kind} ${position}`);
  }

  function tamper(sql: string): void {
    const database = new DatabaseSync(logFile(folder));
    database.exec(sql);
    database.close();
  }

  it("finds a sound log sound and counts what is there", async () => {
    await claim();
    await append(command(TWO, "fourth", { sequence: 4, events: 1 }));
    const told: [number, number][] = [];
    const onProgress = (checked: number, total: number) => told.push([checked, total]);
    const { partitions, ...report } = await verifyLog({ log, codec, onProgress });
    expect(report).to.deep.equal({
      logId: await log.logId(),
      isSound: true,
      records: 11,
      events: 7,
      claims: 2,
      voidEvents: 0,
      problems: 0,
    });
    expect(partitions.map(({ records }) => records)).to.deep.equal([10, 1]);
    expect(told.at(-1)).to.deep.equal([11, 11]);
  });

  it("digests what each partition's events say, wherever they stand", async () => {
    const digests = async () => (await verify()).partitions.map((one) => one.contentDigest);
    const before = await digests();
    await claim();
    expect(await digests()).to.deep.equal(before);
    tamper("UPDATE records SET timestamp_ms = timestamp_ms + 1 WHERE id = 7");
    expect(await digests()).to.deep.equal(before);
    tamper(`UPDATE records SET headers = replace(headers, 'test', 'lest') WHERE id = 7`);
    const [first, ...others] = await digests();
    expect(first).not.to.equal(before[0]);
    expect(others).to.deep.equal(before.slice(1));
  });

  it("finds a hole, at a place in between and at the end", async () => {
    tamper("DELETE FROM records WHERE id = 4");
    expect(await problems()).to.deep.equal(["hole 5", "sequence 5", "torn 5", "torn 5"]);
    tamper("DELETE FROM records WHERE id IN (6, 7)");
    expect(await problems()).to.include("hole 6");
  });

  it("finds a time that falls", async () => {
    tamper("UPDATE records SET timestamp_ms = timestamp_ms - 1000 WHERE id = 4");
    expect(await problems()).to.deep.equal(["time 4"]);
  });

  it("finds a partition without LogCreated at its beginning", async () => {
    tamper(
      "UPDATE records SET (key, headers, value) =" +
        " (SELECT key, headers, value FROM records WHERE id = 1) WHERE id = 0",
    );
    expect(await problems()).to.deep.equal(["identity 0"]);
  });

  it("finds a partition of another log", async () => {
    await append([codec.encodeLogCreated(TOPIC, "00000000-0000-4000-8000-000000000000")]);
    expect(await problems()).to.deep.equal(["identity 0"]);
  });

  it("finds what cannot be decoded: value, schema, header", async () => {
    const [cut, foreign, header] = command(ONE, "fourth", { sequence: 4, events: 3 });
    if (!cut || !foreign || !header) throw new Error("three records were made");
    const schemaless = new Uint8Array(foreign.value);
    schemaless[4] = 250;
    await append([
      { ...cut, value: cut.value.subarray(0, cut.value.length - 2) },
      { ...foreign, value: schemaless },
      { ...header, headers: without(header.headers, "ce_sequence") },
    ]);
    const found = await problems();
    expect(found.slice(0, 3)).to.deep.equal(["undecodable 8", "undecodable 9", "undecodable 10"]);
  });

  it("finds a key in a partition that is not its own", async () => {
    await append(command(ELSEWHERE, "fourth", { sequence: 1, events: 1 }));
    expect(await problems()).to.deep.equal(["misrouted 8"]);
  });

  it("finds an event of a reign that has not begun", async () => {
    const records = command(ONE, "fourth", { sequence: 4, events: 1 });
    await append(records.map((record) => withHeader(record, { ce_epoch: "7" })));
    expect(await problems()).to.deep.equal(["reign 8"]);
  });

  it("counts the events of a reign that has ended, and leaves them out", async () => {
    const late = command(ONE, "fourth", { sequence: 4, events: 2 });
    await claim();
    await append([...late, ...command(ONE, "fifth", { sequence: 4, events: 1 })]);
    const report = await verify();
    expect([report.isSound, report.voidEvents, report.events]).to.deep.equal([true, 2, 7]);
  });

  it("finds a sequence that leaves one out, and one that comes twice", async () => {
    await append(command(ONE, "fourth", { sequence: 5, events: 1 }));
    await append(command(TWO, "fifth", { sequence: 3, events: 1 }));
    expect(await problems()).to.deep.equal(["sequence 8", "sequence 9"]);
  });

  it("finds an event id that comes twice", async () => {
    const [record] = command(ONE, "third", { sequence: 4, events: 1 });
    await append([record as NewRecord]);
    expect(await problems()).to.deep.equal(["duplicate 8"]);
  });

  it("finds commands whose events are not all there, or not together", async () => {
    await append(command(ONE, "fourth", { sequence: 4, events: 3 }).slice(0, 2));
    await append(command(TWO, "fifth", { sequence: 4, events: 1 }));
    const lonely = command(TWO, "sixth", { sequence: 4, events: 2 }).slice(1);
    await append(lonely);
    await append(command(TWO, "seventh", { sequence: 6, events: 2 }).slice(0, 1));
    await claim();
    expect(await problems()).to.deep.equal(["torn 10", "torn 11", "torn 13"]);
  });

  it("lists so many problems and counts them all", async () => {
    const wrong = Array.from({ length: 150 }, (_, i) =>
      command(ONE, `wrong ${i}`, { sequence: 100 + 2 * i, events: 1 }),
    );
    await append(wrong.flat());
    const report = await verify();
    expect(report.partitions[0]?.problems).to.have.length(100);
    expect(report.problems).to.equal(150);
  });
});

function keyOf(partition: number, number: number): string {
  const keys = Array.from({ length: 100 }, (_, i) => `projection-${i}`);
  const fitting = keys.filter((key) => partitionOf(key, PARTITIONS) === partition);
  return fitting[number] as string;
}

function withHeader(record: NewRecord, headers: Headers): NewRecord {
  return { ...record, headers: { ...record.headers, ...headers } };
}

function without(headers: Headers, name: string): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
