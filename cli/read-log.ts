import type { EventReader } from "../platform/codec/codec.ts";
import type { SchemaRegistry } from "../platform/codec/registry.ts";
import { readConfig } from "../platform/config/config.ts";
import type { LogReader } from "../platform/log/log.ts";
import { openLogReading } from "../platform/log/places.ts";
import { expectLog, logPlace } from "./log-place.ts";
import type { Environment } from "./verb.ts";

/** The log as readers see it, for verbs that need the records themselves. */
export interface ReadLog {
  readonly folder: string;
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly registry: SchemaRegistry;
}

/** Opens the log for reading alone: harmless beside a running server. Closes it after `use`. */
export async function withReadLog<T>(
  environment: Environment,
  use: (parts: ReadLog) => Promise<T>,
): Promise<T> {
  const config = readConfig(environment);
  const place = logPlace(config);
  expectLog(place);
  const { log, codec, registry, close } = await openLogReading(place);
  try {
    return await use({ folder: config.dataFolder, log, codec, registry });
  } finally {
    await close();
  }
}
