import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projection } from "../../command-side/contexts/operations/projection/index.ts";
import type { OwnerParts } from "../../command-side/ownership/partition-owner.ts";
import { openCodec } from "../../platform/codec/codec.ts";
import { openSqliteRegistry } from "../../platform/codec/sqlite-registry.ts";
import { openSqliteLog, type SqliteLog } from "../../platform/log/sqlite/sqlite-log.ts";
import { partition } from "./requests.ts";

const topics = [{ topic: partition.topic, context: "operations", partitions: 1 }];

export interface OwnedLog {
  readonly log: SqliteLog;
  /** What an owner of the log's only partition is made of. */
  readonly parts: OwnerParts;
  close(): Promise<void>;
}

/** A log of one partition in a folder of its own. */
export async function openOwnedLog(): Promise<OwnedLog> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-owner-"));
  const registry = openSqliteRegistry({ folder });
  const codec = await openCodec({ registry, topics });
  const log = await openSqliteLog({ folder, topics, encodeLogCreated: codec.encodeLogCreated });
  const observer = {
    onFolded: () => {},
    onEvents: () => {},
    onSnapshotUnusable: () => {},
    onVoidEvent: () => {},
    onAppend: () => {},
    onTrouble: () => {},
  };
  const owner = "test";
  const parts = { log, codec, partition, aggregate: projection, owner, clock: Date.now, observer };
  return {
    log,
    parts,
    close: async () => {
      await log.close();
      await registry.close();
      rmSync(folder, { recursive: true });
    },
  };
}
