import { BigNumber } from "bignumber.js";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { decimalText } from "../../platform/kernel/decimal.ts";

/** An event as the API shows it: envelope beside data, decimals as text, times as ISO-8601. */
export function eventJson(recorded: RecordedEvent) {
  const { event } = recorded;
  return {
    id: recorded.eventId,
    type: event.type,
    aggregateId: recorded.aggregateId,
    sequence: recorded.sequence,
    topic: recorded.topic,
    partition: recorded.partition,
    position: recorded.position,
    occurredAt: new Date(event.occurredAtMs).toISOString(),
    recordedAt: new Date(recorded.recordedAtMs).toISOString(),
    commandId: recorded.commandId,
    correlationId: recorded.correlationId,
    causationId: recorded.causationId,
    actor: recorded.actor,
    traceparent: recorded.traceparent,
    data: plain(event.data),
  };
}

/** Data with decimals as text: JSON would print their innards. */
function plain(value: unknown): unknown {
  if (BigNumber.isBigNumber(value)) return decimalText(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([name, member]) => [name, plain(member)]);
  return Object.fromEntries(entries);
}
