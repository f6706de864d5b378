import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import fc from "fast-check";
import type { LogPlace } from "../../platform/log/places.ts";
import { logFile } from "../../platform/log/sqlite/tables.ts";
import {
  contentOf,
  exportFrom,
  freshFolder,
  importInto,
  plannedLog,
  topicsOf,
  writePlanned,
} from "./log/moved-log.ts";
import { printedSeed } from "./log/seed.ts";

const RUNS = 12;
const PLAN = fc.sample(plannedLog, { numRuns: 1, seed: 7 })[0] ?? [];

describe("a log that is carried into another", function () {
  this.timeout(180_000);
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "cipherhorizon-moving-"));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  function placeOf(name: string): LogPlace {
    const folder = freshFolder(root, name);
    mkdirSync(folder);
    return { folder, kafka: null };
  }

  it("keeps ids, sequences and payloads of every stream, on any number of partitions", async () => {
    const sizes = fc.integer({ min: 1, max: 5 });
    const property = fc.asyncProperty(plannedLog, sizes, sizes, async (plan, before, after) => {
      const [from, to] = [placeOf("from"), placeOf("to")];
      const [folder, again] = [freshFolder(root, "export"), freshFolder(root, "again")];
      await writePlanned(from, topicsOf(before, "as they are"), plan);
      disturbClocks(from);
      const first = await exportFrom(from, folder);
      await importInto(to, topicsOf(after, "reversed"), folder);
      const [old, imported] = [await contentOf(from), await contentOf(to)];
      expect(imported.report).to.include({ isSound: true, voidEvents: 0 });
      expect(imported.streams).to.deep.equal(withoutOperations(old.streams));
      expect([old.lost, imported.lost]).to.deep.equal([[], []]);
      expect(imported.causes).to.have.members(old.causes.filter(isCarried).map(asCarried));
      const second = await exportFrom(to, again);
      expect(second.topics.map(contents)).to.have.deep.members(first.topics.map(contents));
      expect(second.logId).to.not.equal(first.logId);
    });
    await fc.assert(property, { numRuns: RUNS, seed: printedSeed() });
  });

  it("is refused where events are already, and where an import was broken off", async () => {
    const [from, to] = [placeOf("from"), placeOf("to")];
    const folder = freshFolder(root, "export");
    await writePlanned(from, topicsOf(2, "as they are"), PLAN);
    await exportFrom(from, folder);
    await importInto(to, topicsOf(3, "as they are"), folder);
    await expectRefused(importInto(to, topicsOf(3, "as they are"), folder), /has events already/);
  });

  it("is refused with a file that was changed, before anything is written", async () => {
    const [from, to] = [placeOf("from"), placeOf("to")];
    const folder = freshFolder(root, "export");
    await writePlanned(from, topicsOf(1, "as they are"), PLAN);
    await exportFrom(from, folder);
    appendFileSync(join(folder, "portfolio.events-0.ndjson.gz"), "x");
    await expectRefused(importInto(to, topicsOf(1, "as they are"), folder), /another SHA-256/);
    expect((await contentOf(to)).report).to.include({ events: 0, claims: 0 });
  });

  it("is refused without a manifest: the export came to no end", async () => {
    const [from, to] = [placeOf("from"), placeOf("to")];
    const folder = freshFolder(root, "export");
    await writePlanned(from, topicsOf(1, "as they are"), PLAN);
    await exportFrom(from, folder);
    rmSync(join(folder, "manifest.json"));
    await expectRefused(importInto(to, topicsOf(1, "as they are"), folder), /is not the manifest/);
    await expectRefused(exportFrom(from, folder), /is not empty/);
  });

  it("keeps the id alone of a cause that is not carried", async () => {
    const [from, to] = [placeOf("from"), placeOf("to")];
    const folder = freshFolder(root, "export");
    const command = { aggregate: 1, events: 1, takesOver: false } as const;
    await writePlanned(from, topicsOf(1, "as they are"), [
      { ...command, topic: "operations.events", cause: null },
      { ...command, topic: "social.events", cause: 0 },
    ]);
    await exportFrom(from, folder);
    await importInto(to, topicsOf(1, "as they are"), folder);
    const { lost, causes, report } = await contentOf(to);
    expect([lost, causes, report.events]).to.deep.equal([[], ["social.events < ?"], 1]);
  });
});

/** Each partition was written by a machine with a clock of its own. */
function disturbClocks({ folder }: LogPlace): void {
  const database = new DatabaseSync(logFile(folder));
  database.exec("UPDATE records SET timestamp_ms = timestamp_ms - (id >> 40) * 1000");
  database.close();
}

function withoutOperations(streams: Readonly<Record<string, readonly string[]>>) {
  const kept = Object.entries(streams).filter(([name]) => isCarried(name));
  return Object.fromEntries(kept);
}

/** Of operations.events nothing is carried. */
function isCarried(cause: string): boolean {
  return !cause.startsWith("operations.events");
}

function asCarried(cause: string): string {
  return cause.replace("< operations.events", "< ?");
}

function contents({ topic, events, contentDigest }: Readonly<Record<string, unknown>>) {
  return { topic, events, contentDigest };
}

async function expectRefused(work: Promise<unknown>, message: RegExp): Promise<void> {
  const outcome = await work.then(
    () => "done",
    (error: Error) => error.message,
  );
  expect(outcome).to.match(message);
}
