import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKafkaLog } from "../../../platform/log/kafka/kafka-log.ts";
import { openKafkaLogReader } from "../../../platform/log/kafka/kafka-log-reader.ts";
import type { Log, LogReader } from "../../../platform/log/log.ts";
import type { TopicSize } from "../../../platform/log/sqlite/create-topics.ts";
import { openSqliteLog } from "../../../platform/log/sqlite/sqlite-log.ts";
import { openSqliteLogReader } from "../../../platform/log/sqlite/sqlite-log-reader.ts";
import { deleteKafkaTopics, kafkaSettings } from "./kafka-server.ts";
import { rawLogCreated } from "./raw-records.ts";

/** An adapter of the log port, as the contract suite and its child processes use it. */
export interface LogAdapter {
  /** The address of a new, empty place for one log. */
  create(): string;
  /** Opens for the command side, from any process; creates topics that are missing. */
  open(address: string, topics: readonly TopicSize[]): Promise<Log>;
  openReader(address: string): Promise<LogReader>;
  remove(address: string): void | Promise<void>;
}

export const logAdapters = {
  sqlite: {
    create: () => mkdtempSync(join(tmpdir(), "cipherhorizon-log-")),
    open: (folder, topics) => {
      return openSqliteLog({ folder, topics, encodeLogCreated: rawLogCreated });
    },
    openReader: async (folder) => openSqliteLogReader({ folder }),
    remove: (folder) => rmSync(folder, { recursive: true }),
  },
  kafka: {
    create: () => `test-${randomUUID()}.`,
    open: (topicPrefix, topics) => {
      return openKafkaLog({
        settings: kafkaSettings(topicPrefix),
        topics: topics.map((one) => ({ ...one, compression: "zstd", configuration: {} })),
        replicationFactor: -1,
        sizes: "exact",
        encodeLogCreated: rawLogCreated,
      });
    },
    openReader: (topicPrefix) => openKafkaLogReader(kafkaSettings(topicPrefix)),
    remove: deleteKafkaTopics,
  },
} satisfies Record<string, LogAdapter>;

export type LogAdapterName = keyof typeof logAdapters;

export const TOPICS: readonly TopicSize[] = [
  { topic: "first.events", partitions: 4 },
  { topic: "second.events", partitions: 1 },
];
