import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { openKafkaLog } from "../../../platform/log/kafka/kafka-log.ts";
import { openKafkaLogReader } from "../../../platform/log/kafka/kafka-log-reader.ts";
import type { Log, LogReader } from "../../../platform/log/log.ts";
import type { TopicSize } from "../../../platform/log/sqlite/create-topics.ts";
import { openSqliteLog } from "../../../platform/log/sqlite/sqlite-log.ts";
import { openSqliteLogReader } from "../../../platform/log/sqlite/sqlite-log-reader.ts";
import { deleteKafkaTopics, kafkaSettings } from "./kafka-server.ts";
import { rawLogCreated } from "./raw-records.ts";

const ATTEMPTS = 10;
const PAUSE_MILLISECONDS = 1_000;

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
      return patiently(() =>
        openKafkaLog({
          settings: kafkaSettings(topicPrefix),
          topics: topics.map((one) => ({ ...one, compression: "zstd", configuration: {} })),
          replicationFactor: -1,
          sizes: "exact",
          encodeLogCreated: rawLogCreated,
        }),
      );
    },
    openReader: (topicPrefix) => patiently(() => openKafkaLogReader(kafkaSettings(topicPrefix))),
    remove: (topicPrefix) => patiently(() => deleteKafkaTopics(topicPrefix)),
  },
} satisfies Record<string, LogAdapter>;

/**
 * Where brokers are killed meanwhile (`BROKERS_FAIL`), what prepares a test and clears up after it
 * is tried again; elsewhere a failure is one.
 */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const attempts = process.env["BROKERS_FAIL"] === undefined ? 1 : ATTEMPTS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isRefused = error instanceof PlatformError && error.code !== "LOG_UNAVAILABLE";
      if (isRefused || attempt === attempts) throw error;
      await sleep(PAUSE_MILLISECONDS);
    }
  }
}

export type LogAdapterName = keyof typeof logAdapters;

export const TOPICS: readonly TopicSize[] = [
  { topic: "first.events", partitions: 4 },
  { topic: "second.events", partitions: 1 },
];
