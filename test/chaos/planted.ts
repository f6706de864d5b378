import { randomUUID } from "node:crypto";
import { Kafka } from "kafkajs";
import { Client } from "pg";
import { clientConfig } from "../../platform/log/kafka/kafka-cluster.ts";
import type { LogRecord } from "../../platform/log/log.ts";
import type { LogPlace } from "../../platform/log/places.ts";
import { generationSchema } from "../../projections/stores/postgres/schema.ts";
import { type ReadHistory, recordsOf } from "../history/read-history.ts";
import type { PlatformPlace } from "../rebuild-rows.ts";

/** What the checkers must find. */
export const PLANTED = ["loss", "double", "swap"] as const;
export type Planted = (typeof PLANTED)[number];

const RECORDS_PER_REQUEST = 1_000;

/**
 * A log with one fault in it: the later of two records of one stream is missing, is there twice, or
 * stands where the earlier belongs. `streamOf`: null for a record of no stream.
 */
export function plant<T>(
  records: readonly T[],
  planted: Planted,
  streamOf: (record: T) => string | null,
): readonly T[] {
  const [earlier, later] = twoOfOneStream(records.map(streamOf));
  const [one, other] = [records[earlier] as T, records[later] as T];
  switch (planted) {
    case "loss":
      return records.toSpliced(later, 1);
    case "double":
      return records.toSpliced(later + 1, 0, other);
    case "swap":
      return records.with(earlier, other).with(later, one);
  }
}

function twoOfOneStream(streams: readonly (string | null)[]): readonly [number, number] {
  const seen = new Map<string, number>();
  for (const [index, stream] of streams.entries()) {
    if (stream === null) continue;
    const earlier = seen.get(stream);
    if (earlier !== undefined) return [earlier, index];
    seen.set(stream, index);
  }
  throw new Error("no stream has two events");
}

/** Copies a topic record by record into a log of another prefix, with one fault; gives its place. */
export async function copyWith(
  planted: Planted,
  topic: string,
  { log }: ReadHistory,
  place: LogPlace,
): Promise<LogPlace> {
  if (place.kafka === null) throw new Error("the copy is made on Kafka");
  const settings = { ...place.kafka.settings, topicPrefix: `planted-${randomUUID()}.` };
  const partitions: LogRecord[][] = (await log.ends(topic)).map(() => []);
  for await (const { partition, record } of recordsOf(log, topic)) {
    partitions[partition]?.push(record);
  }
  const [fullest] = partitions.toSorted((a, b) => b.length - a.length) as [LogRecord[]];
  await writeTopic(
    new Kafka(clientConfig(settings)),
    `${settings.topicPrefix}${topic}`,
    partitions.map((records) =>
      records === fullest ? plant(records, planted, streamOf) : records,
    ),
  );
  return { ...place, kafka: { ...place.kafka, settings } };
}

function streamOf({ key, headers }: LogRecord): string | null {
  return headers["ce_sequence"] === undefined ? null : key;
}

async function writeTopic(
  kafka: Kafka,
  topic: string,
  partitions: readonly (readonly LogRecord[])[],
): Promise<void> {
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  try {
    const numPartitions = partitions.length;
    await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
    for (const [partition, records] of partitions.entries()) {
      for (let from = 0; from < records.length; from += RECORDS_PER_REQUEST) {
        const messages = records.slice(from, from + RECORDS_PER_REQUEST).map((one) => ({
          key: one.key,
          value: Buffer.from(one.value),
          headers: { ...one.headers },
          timestamp: String(one.timestampMs),
          partition,
        }));
        await producer.send({ topic, messages, acks: -1 });
      }
    }
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
}

/** The same in the ledger of a generation of portfolios, for as long as `look` takes. */
export async function withPlantedRows<T>(
  { stores }: PlatformPlace,
  { generation, planted }: { readonly generation: number; readonly planted: Planted },
  look: () => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: stores.servers.postgres ?? "" });
  await client.connect();
  try {
    await client.query(`SET search_path TO ${generationSchema("portfolios", generation)}`);
    await client.query("CREATE TABLE whole AS TABLE ledger");
    const { rowCount } = await client.query(PLANTING[planted]);
    if (rowCount === 0) throw new Error(`no ${planted} was planted`);
    const seen = await look();
    await client.query("TRUNCATE ledger; INSERT INTO ledger TABLE whole; DROP TABLE whole");
    return seen;
  } finally {
    await client.end();
  }
}

const PLANTING: Readonly<Record<Planted, string>> = {
  loss: "DELETE FROM ledger WHERE ctid = (SELECT max(ctid) FROM ledger)",
  double: `INSERT INTO ledger SELECT (doubled).* FROM
    (SELECT jsonb_populate_record(one, '{"posting": 999}') AS doubled FROM ledger one LIMIT 1) two`,
  swap: `UPDATE ledger SET amount = CASE ledger.ctid WHEN two.a THEN two.of_b ELSE two.of_a END
    FROM (SELECT a.ctid AS a, b.ctid AS b, a.amount AS of_a, b.amount AS of_b
          FROM ledger a JOIN ledger b ON a.amount < b.amount LIMIT 1) two
    WHERE ledger.ctid IN (two.a, two.b)`,
};
