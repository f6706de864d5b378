import { logPlace } from "../cli/log-place.ts";
import type { RecordedEvent } from "../platform/codec/envelope.ts";
import { readConfig } from "../platform/config/config.ts";
import type { Event } from "../platform/kernel/decider.ts";
import type { LogPlace } from "../platform/log/places.ts";
import { projections } from "../projections/registry.ts";
import type { TicksRecorded } from "../schemas/generated/market-data.ts";
import { startPlatformProcess } from "../test/platform-process.ts";
import { type Feeding, keptBy, speedsOf } from "./fed-store.ts";
import { eventsByTopic, fillLog, jsonBytesOf } from "./filled-log.ts";
import { embeddedLogBytes, kafkaLogBytes } from "./log-bytes.ts";
import { COMPRESSION_COLUMNS, compressionRows } from "./log-compression.ts";
import { tell } from "./reads.ts";
import type { Cell, Section, Table } from "./report.ts";
import { ALL_SERVERS, BenchServers } from "./servers.ts";
import { kindsFor, type StoreKind } from "./store-kinds.ts";

const BATCHES = [50, 500, 2_000];
/** Of events that carry hundreds of ticks each. */
const TICK_BATCHES = [10, 50, 200];
const TICKS = "ticks-and-candles";
/** Measurements of speed share the time that is wished. */
const SPEEDS = 40;
/** InfluxDB compacts a shard whole after some hours without writes; here after seconds. */
const INFLUX_SETTINGS = {
  INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION: "1s",
  INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION: "2s",
};

type Row = readonly [string, ...Cell[]];

/**
 * What a command side has written into the log, fed into every store: events and rows a second,
 * and what log and stores take beside the same as lines of JSON.
 */
export async function measureStores(seconds: number): Promise<Section> {
  tell(`starting ${ALL_SERVERS.join(", ")}`);
  Object.assign(process.env, INFLUX_SETTINGS);
  const servers = await BenchServers.start(ALL_SERVERS);
  try {
    const log = await measureLogs(servers);
    const feedings = projections.map((registered) => feedingOf(registered, log.events));
    const kept: Row[] = [];
    for (const one of feedings) kept.push(...(await keptRows(one, servers)));
    const fed: Row[] = [];
    for (const one of feedings) fed.push(...(await fedRows(one, servers, seconds / SPEEDS)));
    return {
      name: "stores",
      figures: [],
      tables: [
        { columns: ["log", "events", "bytes", "as JSON", "saved %"], rows: log.rows },
        { columns: COMPRESSION_COLUMNS, rows: log.compression },
        { columns: ["read model in a store", "rows", "bytes", "as JSON", "saved %"], rows: kept },
        tableOfSpeeds(fed),
      ],
      remarks: [
        "log: each event as the API shows it, a line of JSON; stores: each row as a line of JSON",
        `of ${TICKS} each tick counts as an event; a batch holds events of the log, which carry many`,
      ],
    };
  } finally {
    await servers.remove();
  }
}

async function measureLogs(servers: BenchServers) {
  const { CH_KAFKA_BROKERS = "", CH_SCHEMA_REGISTRY_URL = "" } = servers.environment();
  const CH_KAFKA_TOPIC_PREFIX = `bench-${process.pid}.`;
  const onKafka = { CH_KAFKA_BROKERS, CH_SCHEMA_REGISTRY_URL, CH_KAFKA_TOPIC_PREFIX };
  tell("filling the log on Kafka");
  const place = await filledPlace(servers.folderFor("on-kafka"), onKafka);
  const events = await eventsByTopic(place);
  if (place.kafka === null) throw new Error("the log is not on Kafka");
  const bytes = await kafkaLogBytes(place.kafka.settings);
  const topics = [...events].filter(([, all]) => all.length > 0);
  const rows: Row[] = topics.map(([topic, all]) => {
    return savedRow(`Kafka: ${topic}`, all.length, bytes.get(topic) ?? null, jsonBytesOf(all));
  });
  const compression = await compressionRows(place);
  tell("filling the embedded log");
  const { folder } = await filledPlace(servers.folderFor("embedded"), {});
  const all = [...(await eventsByTopic({ folder, kafka: null })).values()].flat();
  rows.push(savedRow("SQLite: all", all.length, embeddedLogBytes(folder), jsonBytesOf(all)));
  return { rows, compression, events };
}

/** A whole platform writes the log, and ends. */
async function filledPlace(
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<LogPlace> {
  const platform = await startPlatformProcess(folder, { CH_LOG_LEVEL: "error", ...environment });
  try {
    await fillLog({ url: platform.url, folder });
  } finally {
    await platform.stop();
  }
  return logPlace(readConfig({ ...environment, CH_DATA_FOLDER: folder }));
}

function savedRow(name: string, count: number, bytes: number | null, jsonBytes: number): Row {
  const saved = bytes === null ? null : (1 - bytes / jsonBytes) * 100;
  return [name, count, bytes, jsonBytes, saved];
}

function feedingOf(
  registered: Feeding["registered"],
  byTopic: ReadonlyMap<string, readonly RecordedEvent[]>,
): Feeding {
  const { name, topics } = registered.projection;
  const events = topics.flatMap((topic) => byTopic.get(topic) ?? []);
  const inOrder = events.map((event, position) => ({ ...event, position }));
  const isTicks = name === TICKS;
  return {
    registered,
    events: inOrder,
    batches: isTicks ? TICK_BATCHES : BATCHES,
    isOnePartition: name === "social",
    ...(isTicks && { countOf: ticksIn }),
  };
}

function ticksIn({ type, data }: Event): number {
  return type === "TicksRecorded" ? (data as TicksRecorded).ticks.length : 1;
}

async function keptRows(feeding: Feeding, servers: BenchServers): Promise<Row[]> {
  return ofEachKind(feeding, servers, async (kind, name) => {
    tell(`what ${name} takes`);
    const { rows, bytes, jsonBytes } = await keptBy(feeding, kind);
    return [savedRow(name, rows, bytes, jsonBytes)];
  });
}

async function fedRows(feeding: Feeding, servers: BenchServers, seconds: number): Promise<Row[]> {
  return ofEachKind(feeding, servers, async (kind, name) => {
    tell(`feeding ${name}`);
    const speeds = await Array.fromAsync(speedsOf(feeding, kind, seconds));
    return speeds.map(({ batch, partitions, eventsPerSecond, rowsPerSecond }): Row => {
      return [name, batch, partitions, eventsPerSecond, rowsPerSecond];
    });
  });
}

async function ofEachKind(
  { registered }: Feeding,
  servers: BenchServers,
  rowsOf: (kind: StoreKind, name: string) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const kind of kindsFor(registered, servers)) {
    rows.push(...(await rowsOf(kind, `${registered.projection.name}: ${kind.name}`)));
  }
  return rows;
}

function tableOfSpeeds(rows: readonly Row[]): Table {
  return { columns: ["fed", "batch", "partitions", "events/s", "rows/s"], rows };
}
