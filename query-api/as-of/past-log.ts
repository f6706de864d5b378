import { type LogReader, type Positions, partitionKey } from "../../platform/log/log.ts";

/** The log as it stood when its partitions ended at `ends`: it never grows. */
export function pastLog(log: LogReader, ends: Positions): LogReader {
  const endOf = (topic: string, partition: number) => {
    return ends.get(partitionKey({ topic, partition })) ?? 0;
  };
  const pastEnds = async (topic: string) => {
    return (await log.ends(topic)).map((_, partition) => endOf(topic, partition));
  };
  return {
    topics: () => log.topics(),
    logId: () => log.logId(),
    read: async (partition, from, limits) => {
      const left = endOf(partition.topic, partition.partition) - from;
      if (left <= 0) return [];
      return log.read(partition, from, {
        ...limits,
        maxRecords: Math.min(limits.maxRecords, left),
      });
    },
    ends: pastEnds,
    endsAt: async (topic, timestampMs) => {
      const at = await log.endsAt(topic, timestampMs);
      return (await pastEnds(topic)).map((end, partition) => Math.min(end, at[partition] ?? 0));
    },
    onAppended: () => () => undefined,
    close: () => log.close(),
  };
}
