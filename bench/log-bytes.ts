import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { KafkaCluster, type KafkaSettings } from "../platform/log/kafka/kafka-cluster.ts";
import {
  createErrorFromCode,
  Encoder,
  type ProtocolCall,
} from "../platform/log/kafka/kafkajs-internals.ts";
import { Cursor } from "../platform/log/kafka/varint.ts";

const DESCRIBE_LOG_DIRS = { apiKey: 35, apiVersion: 1, apiName: "DescribeLogDirs" } as const;
const ALL_TOPICS = -1;

/** What each topic of ours takes on the disk of the brokers, by its name without the prefix. */
export async function kafkaLogBytes(settings: KafkaSettings): Promise<ReadonlyMap<string, number>> {
  const cluster = await KafkaCluster.connect(settings);
  try {
    const bytes = new Map<string, number>();
    const leaders = new Set<number>();
    for (const [topic, partitions] of cluster.topicSizes()) {
      for (let partition = 0; partition < partitions; partition += 1) {
        leaders.add(cluster.leaderOf({ topic, partition }) ?? 0);
      }
    }
    for (const node of leaders) {
      const ask = () => describeLogDirs();
      const sizes = await cluster.toNode(
        node,
        (broker) => broker.connectionPool.send(ask()),
        "DescribeLogDirs",
      );
      for (const [name, size] of sizes) {
        if (!name.startsWith(settings.topicPrefix)) continue;
        const topic = name.slice(settings.topicPrefix.length);
        bytes.set(topic, (bytes.get(topic) ?? 0) + size);
      }
    }
    return bytes;
  } finally {
    await cluster.close();
  }
}

type Sizes = readonly (readonly [string, number])[];

/**
 * The answer: throttle, then per folder: error, its path, per topic: name, per partition: number,
 * bytes (int64), offsets it lags, whether it is being moved.
 */
function describeLogDirs(): ProtocolCall<Sizes> {
  return {
    request: { ...DESCRIBE_LOG_DIRS, encode: async () => new Encoder().writeInt32(ALL_TOPICS) },
    response: {
      decode: async (payload) => ({ clientSideThrottleTime: 0, data: sizesIn(payload) }),
      parse: async ({ data }) => data,
    },
  };
}

function sizesIn(payload: Buffer): Sizes {
  const cursor = new Cursor(payload);
  cursor.skip(4);
  const sizes: [string, number][] = [];
  for (let folders = cursor.int32(); folders > 0; folders -= 1) {
    const code = cursor.int16();
    if (code !== 0) throw createErrorFromCode(code);
    cursor.skip(cursor.int16());
    for (let topics = cursor.int32(); topics > 0; topics -= 1) {
      const topic = cursor.text(cursor.int16());
      for (let partitions = cursor.int32(); partitions > 0; partitions -= 1) {
        cursor.skip(4);
        sizes.push([topic, cursor.int64()]);
        cursor.skip(8 + 1);
      }
    }
  }
  return sizes;
}

/** The log's file in a data folder, as a copy without free pages takes it. */
export function embeddedLogBytes(folder: string): number {
  const copy = join(folder, "log-compacted.db");
  const database = new DatabaseSync(join(folder, "log.db"), { readOnly: true });
  try {
    database.prepare("VACUUM INTO ?").run(copy);
    return statSync(copy).size;
  } finally {
    database.close();
  }
}
