import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import type { SchemaRegistry } from "../../platform/codec/registry.ts";
import type { RecordSchema } from "../../platform/codec/schema-files.ts";
import { openSqliteRegistry } from "../../platform/codec/sqlite-registry.ts";
import { describeRegistry } from "./registry/registry-contract.ts";

const HOLD_MS = 300;
/** A thread that holds the write lock for a while, as the log's writer does. */
const HOLD_WRITE_LOCK = `
  const { DatabaseSync } = require("node:sqlite");
  const { parentPort, workerData } = require("node:worker_threads");
  const database = new DatabaseSync(workerData.path);
  database.exec("BEGIN IMMEDIATE");
  parentPort.postMessage("holding");
  setTimeout(() => {
    database.exec("COMMIT");
    database.close();
  }, workerData.holdMs);`;

const schema: RecordSchema = { type: "record", name: "Opened", namespace: "n", fields: [] };

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "cipherhorizon-registry-"));
}

describeRegistry("SQLite", async () => {
  const folder = temporaryFolder();
  const opened = new Set<SchemaRegistry>();
  return {
    async open() {
      const registry = openSqliteRegistry({ folder });
      opened.add(registry);
      return registry;
    },
    async remove() {
      for (const registry of opened) await registry.close();
      rmSync(folder, { recursive: true });
    },
  };
});

describe("the SQLite schema registry", () => {
  let folder: string;

  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("reads, and never writes, when opened read-only", async () => {
    const writer = openSqliteRegistry({ folder });
    const id = await writer.register("t-n.Opened", schema);
    const reader = openSqliteRegistry({ folder, readOnly: true });
    expect(await reader.byId(id)).to.deep.equal(schema);
    const other = { ...schema, name: "Closed" };
    const refused = await reader.register("t-n.Closed", other).then(String, String);
    expect(refused).to.contain("readonly");
    expect(await writer.subjects()).to.deep.equal(["t-n.Opened"]);
    await Promise.all([writer.close(), reader.close()]);
  });

  it("waits while another thread writes to the same file", async () => {
    const registry = openSqliteRegistry({ folder });
    const workerData = { path: join(folder, "log.db"), holdMs: HOLD_MS };
    const log = new Worker(HOLD_WRITE_LOCK, { eval: true, workerData });
    await once(log, "message");
    const startedMs = performance.now();
    expect(await registry.register("t-n.Opened", schema)).to.equal(1);
    expect(performance.now() - startedMs).to.be.above(HOLD_MS / 2);
    await once(log, "exit");
    await registry.close();
  });

  it("refuses a schema that Avro cannot read, and stays as it was", async () => {
    const registry = openSqliteRegistry({ folder });
    const wrong: RecordSchema = { ...schema, fields: [{ name: "by", type: "Person" }] };
    const refused = await registry.register("t-n.Opened", wrong).then(String, String);
    expect(refused).to.contain("undefined type name");
    expect(await registry.subjects()).to.deep.equal([]);
    await registry.close();
  });
});
