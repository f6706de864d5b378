import type { Logger } from "../platform/telemetry/logger.ts";
import {
  logAppendBatchEvents,
  logAppendDurationSeconds,
  logVoidEventsTotal,
  partitionFoldDurationSeconds,
  snapshotGapEvents,
  snapshotsTotal,
  snapshotWriteDurationSeconds,
} from "../platform/telemetry/metrics.ts";
import type { MarketData } from "./contexts/market-data/services.ts";
import type { OwnerObserver } from "./ownership/owner-observer.ts";
import type { SnapshotObserver } from "./snapshots/snapshot-keeper.ts";

/** What is told of owners: metrics, the process's own log, and what market-data follows. */
export function ownerObserver(logger: Logger, marketData: MarketData): OwnerObserver {
  return {
    onFolded: ({ partition, aggregate, states, from, end, seconds }) => {
      partitionFoldDurationSeconds.observe({ topic: partition.topic }, seconds);
      const read = end - from;
      logger.debug({ ...partition, snapshot: from, read, seconds }, "a partition was folded");
      marketData.put(aggregate, states());
    },
    onEvents: (events) => marketData.observe(events),
    onAppend: ({ topic, events, seconds }) => {
      logAppendBatchEvents.observe({ topic }, events);
      logAppendDurationSeconds.observe({ topic }, seconds);
    },
    onVoidEvent: (topic) => logVoidEventsTotal.inc({ topic }),
    onTrouble: (partition, reason) => {
      if (reason === null) logger.info(partition, "the owner takes commands again");
      else logger.error({ ...partition, reason }, "the owner takes no commands");
    },
    onSnapshotUnusable: (partition, reason) => {
      snapshotsTotal.inc({ outcome: "unusable" });
      logger.warn({ ...partition, reason }, "a snapshot cannot be used; the whole log is read");
    },
  };
}

export function snapshotObserver(logger: Logger): SnapshotObserver {
  return {
    onGap: ({ topic, partition }, positions) => {
      snapshotGapEvents.set({ topic, partition }, positions);
    },
    onWritten: (partition, { records, bytes, position }, seconds) => {
      snapshotsTotal.inc({ outcome: "written" });
      snapshotWriteDurationSeconds.observe({ topic: partition.topic }, seconds);
      const facts = { ...partition, position, records, bytes, seconds };
      logger.debug(facts, "a snapshot was written");
    },
    onNotWritten: (partition, reason) => {
      snapshotsTotal.inc({ outcome: "not written" });
      logger.warn({ ...partition, reason }, "a snapshot was not written; the older one stays");
    },
  };
}
