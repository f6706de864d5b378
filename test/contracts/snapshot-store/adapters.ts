import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKafkaSnapshots } from "../../../platform/snapshots/kafka-snapshot-store.ts";
import type { SnapshotStore } from "../../../platform/snapshots/snapshot-store.ts";
import { openSqliteSnapshots } from "../../../platform/snapshots/sqlite-snapshot-store.ts";
import { deleteKafkaTopics, kafkaSettings } from "../log/kafka-server.ts";

/** An adapter of the port of snapshots, as the contract suite uses it. */
export interface SnapshotAdapter {
  /** The address of a new, empty place. */
  create(): string;
  /** Opens it, as a process of its own would. */
  open(address: string): Promise<SnapshotStore>;
  remove(address: string): void | Promise<void>;
}

export const snapshotAdapters = {
  sqlite: {
    create: () => mkdtempSync(join(tmpdir(), "cipherhorizon-snapshots-")),
    open: async (folder) => openSqliteSnapshots(folder),
    remove: (folder) => rmSync(folder, { recursive: true }),
  },
  kafka: {
    create: () => `test-${randomUUID()}.`,
    open: (topicPrefix) => {
      return openKafkaSnapshots({
        settings: kafkaSettings(topicPrefix),
        topics: [
          {
            topic: "first.snapshots",
            partitions: 2,
            compression: "none",
            configuration: { "cleanup.policy": "compact", "max.message.bytes": "2097152" },
          },
        ],
        replicationFactor: -1,
        topicFor: () => "first.snapshots",
      });
    },
    remove: deleteKafkaTopics,
  },
} satisfies Record<string, SnapshotAdapter>;

export type SnapshotAdapterName = keyof typeof snapshotAdapters;
