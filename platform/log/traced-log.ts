import { inSpan, isSampled, tracing } from "../telemetry/tracing.ts";
import type { Log, NewRecord, Reign } from "./log.ts";

/** The library keeps so many links of a span. */
const LINKS = 128;

/**
 * Puts each append in a span. It is one for all events of a group commit: it belongs to the first
 * that is traced, and is linked to the others.
 */
export function traced(log: Log, system: string): Log {
  if (tracing() === null) return log;
  return {
    topics: () => log.topics(),
    logId: () => log.logId(),
    read: (partition, from, limits) => log.read(partition, from, limits),
    ends: (topic) => log.ends(topic),
    endsAt: (topic, timestampMs) => log.endsAt(topic, timestampMs),
    onAppended: (listener) => log.onAppended(listener),
    claim: (partition, claim) => log.claim(partition, claim),
    append: (reign, expectedEnd, records) => {
      const append = () => log.append(reign, expectedEnd, records);
      const traceparents = [...new Set(records.flatMap(traceparentOf))];
      const [parent, ...links] = traceparents.slice(0, LINKS);
      if (parent === undefined) return append();
      const attributes = attributesOf(reign, records, system);
      const name = `send ${reign.topic}`;
      return inSpan({ name, kind: "producer", parent, links, attributes }, append);
    },
    stillReigns: (reign) => log.stillReigns(reign),
    close: () => log.close(),
  };
}

function traceparentOf({ headers }: NewRecord): readonly string[] {
  const traceparent = headers["traceparent"] ?? null;
  return isSampled(traceparent) ? [traceparent] : [];
}

/** As OpenTelemetry's conventions for messaging name them. */
function attributesOf({ topic, partition }: Reign, records: readonly NewRecord[], system: string) {
  return {
    "messaging.system": system,
    "messaging.operation.type": "send",
    "messaging.destination.name": topic,
    "messaging.destination.partition.id": String(partition),
    "messaging.batch.message_count": records.length,
  };
}
