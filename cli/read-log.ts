import { type EventReader, openReadCodec } from "../platform/codec/codec.ts";
import { openSqliteRegistry } from "../platform/codec/sqlite-registry.ts";
import { readConfig } from "../platform/config/config.ts";
import type { LogReader } from "../platform/log/log.ts";
import { openSqliteLogReader } from "../platform/log/sqlite/sqlite-log-reader.ts";
import type { Environment } from "./verb.ts";

/** The log as readers see it, for verbs that need the records themselves. */
export interface ReadLog {
  readonly folder: string;
  readonly log: LogReader;
  readonly codec: EventReader;
}

/** Opens the log for reading alone: harmless beside a running server. Closes it after `use`. */
export async function withReadLog<T>(
  environment: Environment,
  use: (parts: ReadLog) => Promise<T>,
): Promise<T> {
  const { dataFolder } = readConfig(environment);
  const log = openSqliteLogReader({ folder: dataFolder });
  try {
    const registry = openSqliteRegistry({ folder: dataFolder, readOnly: true });
    try {
      return await use({ folder: dataFolder, log, codec: openReadCodec({ registry }) });
    } finally {
      await registry.close();
    }
  } finally {
    await log.close();
  }
}
