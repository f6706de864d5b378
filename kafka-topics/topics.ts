/** The topics of the platform as data. Partition counts never change once a topic has events. */
export interface TopicDefinition {
  readonly topic: string;
  readonly context: string;
  /** What the record key is; it decides the partition and must never be personal data. */
  readonly key: string;
  readonly partitions: number;
  readonly productionPartitions: number;
}

export const topics: readonly TopicDefinition[] = [
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
];
