import { at, withQuery } from "./call.ts";
import { anything, number, optional, shape, text } from "./shape.ts";

const event = shape({
  id: text,
  type: text,
  aggregateId: text,
  sequence: number,
  topic: text,
  partition: number,
  position: number,
  occurredAt: text,
  recordedAt: text,
  commandId: optional(text),
  causationId: optional(text),
  actor: optional(text),
  data: anything,
});

export type RecordedEvent = ReturnType<typeof event>;

export interface EventFilter {
  readonly topic: string;
  readonly type: string | null;
  readonly aggregateId: string | null;
}

export function parseEvent(data: string): RecordedEvent {
  return event(JSON.parse(data), "event");
}

export function eventStreamPath(filter: EventFilter, from: "start" | "end"): string {
  return withQuery(at`/v1/stream/events`, { ...filter, from }).path;
}

/** The same events as pages. */
export function eventPagesPath(filter: EventFilter): string {
  return withQuery(at`/v1/events`, { ...filter }).path;
}

export function tailCommand({ topic, type, aggregateId }: EventFilter, from: string): string {
  const options = [
    ["--topic", topic],
    ["--type", type],
    ["--aggregate-id", aggregateId],
    ["--from", from],
  ];
  const given = options.filter(([, value]) => value !== null).map((one) => one.join(" "));
  return `cipherhorizon events tail ${given.join(" ")}`;
}
