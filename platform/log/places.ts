import type { EventCodec, EventReader } from "../codec/codec.ts";
import { openCodec, openReadCodec } from "../codec/codec.ts";
import { HttpRegistry } from "../codec/http-registry.ts";
import type { SchemaRegistry } from "../codec/registry.ts";
import { openSqliteRegistry } from "../codec/sqlite-registry.ts";
import type { KafkaTopic } from "./kafka/create-topics.ts";
import type { KafkaSettings } from "./kafka/kafka-cluster.ts";
import type { OpenKafkaLog } from "./kafka/kafka-log.ts";
import type { Log, LogReader } from "./log.ts";
import { openSqliteLog } from "./sqlite/sqlite-log.ts";
import { openSqliteLogReader } from "./sqlite/sqlite-log-reader.ts";

/** A log on Kafka and its registry. It holds logins: never log it. */
export interface KafkaPlace {
  readonly settings: KafkaSettings;
  readonly registryUrl: string;
  /** Of topics that are made. */
  readonly replicationFactor: number;
}

/** Everything by which a process finds the log; what a thread is handed to open it by itself. */
export interface LogPlace {
  /** The data folder, which holds the embedded log. */
  readonly folder: string;
  /** `null`: the log is embedded. */
  readonly kafka: KafkaPlace | null;
}

interface Opened<Logs extends LogReader, Codec> {
  readonly log: Logs;
  readonly codec: Codec;
  readonly registry: SchemaRegistry;
  close(): Promise<void>;
}

/** For readers; throws `LOG_UNAVAILABLE` where there is no log yet. */
export async function openLogReading(place: LogPlace): Promise<Opened<LogReader, EventReader>> {
  const { folder, kafka } = place;
  const log = kafka === null ? openSqliteLogReader({ folder }) : await readKafka(kafka);
  const registry = openRegistry(place, { readOnly: true });
  return closing({ log, registry, codec: openReadCodec({ registry }) });
}

/** For the command side: makes what is missing of topics and subjects. */
export async function openLogWriting(
  place: LogPlace,
  topics: readonly (KafkaTopic & { readonly context: string })[],
): Promise<Opened<Log, EventCodec>> {
  const registry = openRegistry(place, { readOnly: false });
  try {
    const codec = await openCodec({ registry, topics });
    const { folder, kafka } = place;
    const { encodeLogCreated } = codec;
    const log =
      kafka === null
        ? await openSqliteLog({ folder, topics, encodeLogCreated })
        : await writeKafka({ ...kafka, topics, encodeLogCreated, sizes: "as they are" });
    return closing({ log, registry, codec });
  } catch (error) {
    await registry.close();
    throw error;
  }
}

// Each thread opens the log for itself; who has it embedded does not load Kafka's client in each.
async function readKafka({ settings }: KafkaPlace): Promise<LogReader> {
  const { openKafkaLogReader } = await import("./kafka/kafka-log-reader.ts");
  return openKafkaLogReader(settings);
}

async function writeKafka(options: OpenKafkaLog): Promise<Log> {
  const { openKafkaLog } = await import("./kafka/kafka-log.ts");
  return openKafkaLog(options);
}

export function openRegistry(
  { folder, kafka }: LogPlace,
  { readOnly }: { readonly readOnly: boolean },
): SchemaRegistry {
  if (kafka === null) return openSqliteRegistry({ folder, readOnly });
  const { registryUrl: url, settings } = kafka;
  return new HttpRegistry({ url, subjectPrefix: settings.topicPrefix });
}

function closing<Logs extends LogReader, Codec>(
  opened: Omit<Opened<Logs, Codec>, "close">,
): Opened<Logs, Codec> {
  const close = async () => {
    await opened.log.close();
    await opened.registry.close();
  };
  return { ...opened, close };
}
