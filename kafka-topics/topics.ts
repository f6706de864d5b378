import type { KafkaTopic } from "../platform/log/kafka/create-topics.ts";

/** The topics of the platform as data. Partition counts never change once a topic has events. */
export interface TopicDefinition extends KafkaTopic {
  readonly context: string;
  /** What the record key is; it decides the partition and must never be personal data. */
  readonly key: string;
  readonly productionPartitions: number;
}

/** Events are for ever, written one batch at a time by one producer that names its own times. */
const FOR_EVER = {
  "cleanup.policy": "delete",
  "retention.ms": "-1",
  "retention.bytes": "-1",
  "max.message.bytes": "8388608",
  "compression.type": "producer",
  "message.timestamp.type": "CreateTime",
} as const;

const definitions = [
  {
    topic: "market.events",
    context: "market-data",
    key: "instrument id",
    partitions: 4,
    productionPartitions: 24,
  },
  {
    topic: "market.quarantine",
    context: "market-data",
    key: "exchange and symbol",
    partitions: 1,
    productionPartitions: 1,
  },
  {
    topic: "portfolio.events",
    context: "portfolio",
    key: "portfolio id",
    partitions: 4,
    productionPartitions: 24,
  },
  {
    topic: "strategies.events",
    context: "strategies",
    key: "strategy id",
    partitions: 4,
    productionPartitions: 12,
  },
  {
    topic: "risk.events",
    context: "risk",
    key: "portfolio id",
    partitions: 4,
    productionPartitions: 24,
  },
  {
    topic: "social.events",
    context: "social",
    key: "trader id",
    partitions: 1,
    productionPartitions: 1,
  },
  {
    topic: "operations.events",
    context: "operations",
    key: "projection name",
    partitions: 1,
    productionPartitions: 1,
  },
] as const;

/** Ticks, and the headers of events, repeat themselves from one to the next. */
export const topics: readonly TopicDefinition[] = definitions.map((definition) => ({
  ...definition,
  compression: "zstd",
  configuration: FOR_EVER,
}));

/** Snapshots are replaced by key, and a part of one is at most 1 MiB. */
const COMPACTED = {
  "cleanup.policy": "compact",
  "max.message.bytes": "2097152",
  "compression.type": "producer",
  "segment.bytes": "67108864",
  "min.cleanable.dirty.ratio": "0.1",
  "max.compaction.lag.ms": "3600000",
} as const;

/** One for each context: what its owners know of their partitions, to be had without the log. */
export const snapshotTopics: readonly TopicDefinition[] = [
  ...Map.groupBy(definitions, ({ context }) => context),
].map(([context, ofContext]) => ({
  topic: `${context}.snapshots`,
  context,
  key: "topic, partition, version and set of the snapshot, number of the record",
  partitions: Math.max(...ofContext.map(({ partitions }) => partitions)),
  productionPartitions: Math.max(...ofContext.map((one) => one.productionPartitions)),
  compression: "none",
  configuration: COMPACTED,
}));
