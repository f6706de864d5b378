import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { LogRecord, NewRecord } from "../../log/log.ts";
import type { Envelope } from "../envelope.ts";
import type { RecordSchema } from "../schema-files.ts";
import { openSqliteRegistry } from "../sqlite-registry.ts";

/** A new folder with a registry in it; `close` when done. */
export function temporaryRegistry() {
  const folder = temporaryFolder();
  const registry = openSqliteRegistry({ folder });
  return { folder, registry, close: () => registry.close() };
}

const folders: string[] = [];
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes when the process ends. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-codec-"));
  folders.push(folder);
  return folder;
}

/** Writes schema files below a new folder: `{"portfolio/FundsDeposited/v1": schema}`. */
export function schemaFolder(files: Readonly<Record<string, RecordSchema>>): string {
  const folder = temporaryFolder();
  for (const [name, schema] of Object.entries(files)) {
    const path = join(folder, `${name}.avsc`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(schema));
  }
  return folder;
}

export const envelope: Envelope = {
  eventId: "2fc5b4ac-33f1-5de5-8160-35930c0f84be",
  aggregateId: "p-1",
  sequence: 7,
  epoch: 3,
  commandId: "0195a3c1-0000-7000-8000-000000000001",
  commandIndex: 1,
  commandEvents: 2,
  commandHash: "ab".repeat(32),
  correlationId: "0195a3c1-0000-7000-8000-000000000002",
  causationId: "0195a3c1-0000-7000-8000-000000000003",
  causationPosition: { topic: "market.events", partition: 3, position: 120 },
  actor: "ada@example.org",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};

/** A record as the log gives it back. */
export function asRead(record: NewRecord, position = 0): LogRecord {
  return { ...record, position, timestampMs: 1_740_000_000_500 };
}
