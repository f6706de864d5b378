import { z } from "zod";
import { topics } from "../../kafka-topics/topics.ts";
import type { Output } from "../output.ts";
import type { Session } from "../session.ts";

/** An event as the API shows it; what else it carries is passed on as it is. */
const shownEvent = z.looseObject({
  type: z.string(),
  aggregateId: z.string(),
  sequence: z.int(),
  topic: z.string(),
  partition: z.int(),
  position: z.int(),
  recordedAt: z.string(),
  data: z.unknown(),
});

type ShownEvent = z.output<typeof shownEvent>;

export function parseEvent(value: unknown): ShownEvent {
  return shownEvent.parse(value);
}

export const eventFilterOptions = {
  topic: z.enum(topics.map(({ topic }) => topic)).optional(),
  aggregateId: z.string().optional(),
  type: z.string().optional(),
};

export const EVENT_FILTER_LINES: readonly (readonly [string, string])[] = [
  ["--topic <topic>", `one of ${topics.map(({ topic }) => topic).join(", ")}; else all`],
  ["--aggregate-id <id>", "only events of this aggregate"],
  ["--type <event>", "only events of this type: TradeRecorded"],
];

export interface EventFilter {
  readonly topic?: string | undefined;
  readonly aggregateId?: string | undefined;
  readonly type?: string | undefined;
}

/** The topics a filter asks for. */
export function topicsOf({ topic }: EventFilter): readonly string[] {
  return topic === undefined ? topics.map((one) => one.topic) : [topic];
}

/** The query string of one topic's events. */
export function filterQuery(topic: string, { aggregateId, type }: EventFilter): URLSearchParams {
  const query = new URLSearchParams({ topic });
  if (aggregateId !== undefined) query.set("aggregateId", aggregateId);
  if (type !== undefined) query.set("type", type);
  return query;
}

const PAGE_EVENTS = 500;

/** The events of one topic from its beginning, page by page as they are asked for. */
export async function* listEvents(
  session: Session,
  topic: string,
  filter: EventFilter & { readonly limit?: number },
): AsyncGenerator<ShownEvent> {
  const query = filterQuery(topic, filter);
  query.set("limit", String(Math.min(filter.limit ?? PAGE_EVENTS, PAGE_EVENTS)));
  for (;;) {
    const { data, nextCursor } = await session.query(`/v1/events?${query}`);
    yield* z.array(z.unknown()).parse(data).map(parseEvent);
    if (nextCursor === null) return;
    query.set("cursor", nextCursor);
  }
}

/** Of an event's data a line of text shows so many characters. */
const DATA_SHOWN = 160;

export function printEvent(event: ShownEvent, output: Output): void {
  if (output.json) {
    output.value(event);
    return;
  }
  const { topic, partition, position, aggregateId, sequence, type, recordedAt } = event;
  const data = JSON.stringify(event.data);
  const shown = data.length > DATA_SHOWN ? `${data.slice(0, DATA_SHOWN)}…` : data;
  const place = `${topic}/${partition}@${position}`;
  output.line(`${recordedAt}  ${place}  ${aggregateId}#${sequence}  ${type}  ${shown}`);
}
