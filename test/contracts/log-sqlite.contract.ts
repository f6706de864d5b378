import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { mock } from "node:test";
import { expect } from "chai";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { AppendResult, LogRecord, Reign } from "../../platform/log/log.ts";
import { openSqliteLog, type SqliteLog } from "../../platform/log/sqlite/sqlite-log.ts";
import { openSqliteLogReader } from "../../platform/log/sqlite/sqlite-log-reader.ts";
import { BUSY_TIMEOUT_MILLISECONDS, logFile } from "../../platform/log/sqlite/tables.ts";
import { TOPICS } from "./log/adapters.ts";
import {
  assertGapless,
  rawClaim,
  rawLogCreated,
  rawRecord,
  rawRecords,
  readAll,
  textOf,
} from "./log/raw-records.ts";

const FIRST = { topic: "first.events", partition: 0 };
const UNLIMITED_PAGES = 1_000_000;

/** What only the embedded log must do: its disk, its file, its errors. */
describe("the embedded log", () => {
  let folder: string;
  let log: SqliteLog;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-log-"));
    log = await open();
  });

  afterEach(async () => {
    await log.close();
    rmSync(folder, { recursive: true });
  });

  function open(maxPageCount?: number): Promise<SqliteLog> {
    const options = { folder, topics: TOPICS, encodeLogCreated: rawLogCreated };
    return openSqliteLog(maxPageCount === undefined ? options : { ...options, maxPageCount });
  }

  /** Another connection, as another program would have it. */
  function tamper(sql: string): DatabaseSync {
    const database = new DatabaseSync(logFile(folder));
    database.exec(sql);
    return database;
  }

  describe("on a full disk", () => {
    const large = "x".repeat(10_000);
    let reigns: Reign[];
    let ends: number[];

    beforeEach(async () => {
      await log.close();
      log = await open(200);
      reigns = await Promise.all(
        [0, 1, 2, 3].map((partition) => log.claim({ ...FIRST, partition }, rawClaim("test"))),
      );
      ends = reigns.map(({ epoch }) => epoch + 1);
    });

    function appendEverywhere(): Promise<readonly AppendResult[]> {
      const appends = reigns.map((reign, i) => {
        const records = rawRecords(`${i} ${ends[i]} ${large}`, `${i} second ${large}`);
        return log.append(reign, ends[i] as number, records);
      });
      return Promise.all(appends);
    }

    /** Appends to all partitions at once until one is not taken. */
    async function fill(): Promise<readonly AppendResult[]> {
      for (;;) {
        const answers = await appendEverywhere();
        ends = ends.map((end, i) => (answers[i]?.outcome === "appended" ? end + 2 : end));
        if (answers.some(({ outcome }) => outcome !== "appended")) return answers;
      }
    }

    async function assertAcknowledgedOnly(): Promise<void> {
      for (const [partition, end] of ends.entries()) {
        const records = await readAll(log, { ...FIRST, partition });
        assertGapless(records);
        expect(records.length).to.equal(end);
      }
      expect(await log.ends("first.events")).to.deep.equal(ends);
    }

    it("answers disk_full, writes nothing of it and keeps what was acknowledged", async () => {
      const answers = await fill();
      expect(new Set(answers.map(({ outcome }) => outcome))).to.include("disk_full");
      expect(ends.some((end) => end > 2)).to.equal(true);
      await assertAcknowledgedOnly();
    });

    it("answers so again and again, and goes on when there is room", async () => {
      await fill();
      await fill();
      log.limitPages(UNLIMITED_PAGES);
      const answers = await Promise.all(
        reigns.map((reign, i) => log.append(reign, ends[i] as number, rawRecords("late", large))),
      );
      expect(answers.map(({ outcome }) => outcome)).to.deep.equal(Array(4).fill("appended"));
      ends = ends.map((end) => end + 2);
      await assertAcknowledgedOnly();
    });

    it("still tells a stale owner from the others once there is room", async () => {
      await fill();
      log.limitPages(UNLIMITED_PAGES);
      const [stale] = reigns as [Reign];
      await log.claim(FIRST, rawClaim("successor"));
      const answer = await log.append(stale, ends[0] as number, rawRecords("late"));
      expect(answer.outcome).to.equal("fenced");
    });

    it("rejects a claim by name, and the old reign holds", async () => {
      await fill();
      const claim = { ...rawClaim("successor"), value: new Uint8Array(1_000_000) };
      const error = await rejection(log.claim(FIRST, claim));
      expect(error.code).to.equal("DISK_FULL");
      expect(await log.stillReigns(reigns[0] as Reign)).to.equal(true);
      await assertAcknowledgedOnly();
    });
  });

  it("rejects an append that failed, and the next ones work on a new connection", async () => {
    const reign = await log.claim(FIRST, rawClaim("test"));
    const other = await log.claim({ ...FIRST, partition: 1 }, rawClaim("test"));
    const planted = tamper(`CREATE TRIGGER planted BEFORE INSERT ON records WHEN new.key = 'bad'
      BEGIN SELECT raise(ABORT, 'a planted error'); END`);
    const [bad, beside] = await Promise.allSettled([
      log.append(reign, 2, [rawRecord("a", "good"), rawRecord("b", "bad")]),
      log.append(other, 2, rawRecords("a")),
    ]);
    expect(bad).to.have.nested.property("reason.code", "LOG_UNAVAILABLE");
    expect(bad).to.have.nested.property("reason.message", "a planted error");
    planted.close();
    const fresh = await log.claim(FIRST, rawClaim("after the error"));
    expect(fresh.epoch).to.equal(2);
    expect((await log.append(fresh, 3, rawRecords("a"))).outcome).to.equal("appended");
    // The append beside it shared its transaction or came after it: it is whole or absent.
    const end = (await log.ends("first.events"))[1];
    expect(end).to.equal(beside?.status === "fulfilled" ? 3 : 2);
  });

  it("waits for another process that writes, and rejects past its limit", async () => {
    const reign = await log.claim(FIRST, rawClaim("test"));
    const holder = tamper("BEGIN IMMEDIATE");
    const started = performance.now();
    const error = await rejection(log.append(reign, 2, rawRecords("a")));
    expect(error.code).to.equal("LOG_UNAVAILABLE");
    expect(performance.now() - started).to.be.within(BUSY_TIMEOUT_MILLISECONDS - 500, 20_000);

    const patient = log.append(reign, 2, rawRecords("b"));
    setTimeout(() => holder.exec("ROLLBACK"), 100);
    expect((await patient).outcome).to.equal("appended");
    holder.close();
    expect((await readAll(log, FIRST, 2)).map(textOf)).to.deep.equal(["b"]);
  });

  it("lets no timestamp fall though the clock was ahead", async () => {
    const ahead = Date.now() + 3_600_000;
    tamper(`UPDATE partitions SET last_timestamp_ms = ${ahead}`).close();
    const reign = await log.claim(FIRST, rawClaim("test"));
    const answer = await log.append(reign, 2, rawRecords("a"));
    expect(answer).to.deep.equal({ outcome: "appended", firstPosition: 2, timestampMs: ahead });
    const times = (await readAll(log, FIRST, 1)).map(({ timestampMs }) => timestampMs);
    expect(times).to.deep.equal([ahead, ahead]);
  });

  it("tells its own process of appends by message, sooner than a timer", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    const reader = openSqliteLogReader({ folder });
    const told = new Promise<void>((resolve) => reader.onAppended(() => resolve()));
    mock.timers.reset();
    await log.claim(FIRST, rawClaim("test"));
    await told;
    await reader.close();
  });

  it("is read while nobody has it open for writing", async () => {
    const reign = await log.claim(FIRST, rawClaim("test"));
    await log.append(reign, 2, rawRecords("a"));
    const before = await readAll(log, FIRST);
    await log.close();
    const reader = openSqliteLogReader({ folder });
    expect(await readAll(reader, FIRST)).to.deep.equal(before);
    await reader.close();
    expect(() => reader.onAppended(() => {})).to.throw();
    expect(
      (await rejection(reader.read(FIRST, 0, { maxRecords: 1, maxBytes: 1 }))).message,
    ).to.be.a("string");
  });

  it("is read after a crash, before anybody opens it for writing", async () => {
    const reign = await log.claim(FIRST, rawClaim("test"));
    await log.append(reign, 2, rawRecords("a"));
    // What a power loss leaves: the file and its write-ahead log, without the shared memory.
    const left = mkdtempSync(join(tmpdir(), "cipherhorizon-log-"));
    for (const suffix of ["", "-wal"]) {
      copyFileSync(logFile(folder) + suffix, logFile(left) + suffix);
    }
    const reader = openSqliteLogReader({ folder: left });
    expect(await readAll(reader, FIRST)).to.deep.equal(await readAll(log, FIRST));
    await reader.close();
    rmSync(left, { recursive: true });
  });

  it("cannot be written through a reader", () => {
    const reader = openSqliteLogReader({ folder });
    expect(reader).to.not.have.property("append");
    return reader.close();
  });

  it("is copied into its one file when it is closed", async () => {
    const reign = await log.claim(FIRST, rawClaim("test"));
    await log.append(reign, 2, rawRecords("x".repeat(1_000_000)));
    await log.close();
    expect(statSync(logFile(folder)).size).to.be.above(1_000_000);
    expect(() => statSync(`${logFile(folder)}-wal`)).to.throw("ENOENT");
  });

  it("is not opened where it is missing, or of a newer format", async () => {
    const empty = mkdtempSync(join(tmpdir(), "cipherhorizon-log-"));
    expect(() => openSqliteLogReader({ folder: empty })).to.throw(PlatformError, "no log.db");
    new DatabaseSync(logFile(empty)).close();
    expect(() => openSqliteLogReader({ folder: empty })).to.throw(
      PlatformError,
      "holds no log yet",
    );
    rmSync(empty, { recursive: true });
    tamper("UPDATE log_meta SET value = '2' WHERE name = 'format'").close();
    expect(() => openSqliteLogReader({ folder })).to.throw(PlatformError, "format 2");
    expect((await rejection(open())).message).to.include("format 2");
  });

  it("refuses more than its limits hold, before anything is written", async () => {
    const reign = await log.claim(FIRST, rawClaim("test"));
    const huge = { key: "k", value: new Uint8Array(16 * 1024 * 1024 + 1), headers: {} };
    const answers = [
      await log.append(reign, 2, [huge]),
      await log.append(reign, 2, Array(100_001).fill(rawRecord("a"))),
    ];
    expect(answers.map(({ outcome }) => outcome)).to.deep.equal(["rejected", "rejected"]);
    expect((await log.ends("first.events"))[0]).to.equal(2);
  });

  it("reads a long partition piece by piece without holding it all", async () => {
    const reign = await log.claim(FIRST, rawClaim("test"));
    const value = "x".repeat(1_000);
    for (let i = 0; i < 10; i += 1) {
      await log.append(reign, 2 + i * 1_000, Array(1_000).fill(rawRecord(value)));
    }
    const pieces: LogRecord[][] = [];
    for (let from = 0; from < 10_002; from += pieces.at(-1)?.length as number) {
      pieces.push(await log.read(FIRST, from, { maxRecords: 5_000, maxBytes: 500_000 }));
    }
    expect(pieces.every((piece) => piece.length < 500)).to.equal(true);
    assertGapless(pieces.flat());
  });
});

/** The error, with its code, of a promise that must be rejected. */
async function rejection(promise: Promise<unknown>): Promise<PlatformError> {
  try {
    await promise;
  } catch (error) {
    return error as PlatformError;
  }
  throw new Error("it was not rejected");
}
