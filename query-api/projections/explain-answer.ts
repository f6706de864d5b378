import { z } from "zod";
import {
  type ExplainedEvent,
  type ExplainedRow,
  type ExplainPage,
  keyOfRow,
} from "../../projections/explain/explain-row.ts";
import { eventJson } from "../stream/event-json.ts";

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const row = z.record(z.string(), value);

/** One event that wrote the row, without its data, which `GET /v1/events` has. */
const explainedEvent = z.object({
  id: z.string(),
  type: z.string(),
  aggregateId: z.string(),
  sequence: z.int(),
  topic: z.string(),
  partition: z.int(),
  position: z.int(),
  occurredAt: z.string(),
  recordedAt: z.string(),
  commandId: z.string(),
  correlationId: z.string(),
  causationId: z.string().nullable(),
  actor: z.string(),
  traceparent: z.string().nullable(),
  traceId: z.string().nullable(),
  row: row.nullable(),
  changed: z.array(z.string()).readonly(),
});

const fault = z.object({ position: z.int(), stream: z.string(), reason: z.string() });

/** What made a row, as the API answers it. */
export const explanation = z.object({
  table: z.string(),
  key: z.array(value).readonly(),
  partition: z.string(),
  first: z.int(),
  last: z.int(),
  row,
  events: z.array(explainedEvent),
  faults: z.array(fault).readonly(),
  agrees: z.boolean().nullable(),
  differs: z.array(z.string()).readonly().nullable(),
});

export type Explanation = z.output<typeof explanation>;

export const EXPLANATION_DESCRIPTION =
  "The events that made the row, from the one at `first`, which made it when it was last absent, " +
  "to the one at `last`: each with the row after it (null: it deleted the row) and the columns " +
  "that it changed. Rows are as the projection has them: times in epoch ms, decimals as text. " +
  "`agrees` and `differs` come with the last page: whether the stored `row` is what its events " +
  "make of it, and in which columns it is not. `faults` are events that cannot be projected.";

export function explanationOf(
  explained: ExplainedRow,
  { events, faults, verdict }: ExplainPage,
): z.input<typeof explanation> {
  const { table, origin } = explained;
  return {
    table,
    key: keyOfRow(explained),
    partition: origin.partition,
    first: origin.first,
    last: origin.position,
    row: origin.row,
    events: events.map(eventOf),
    faults,
    agrees: verdict?.agrees ?? null,
    differs: verdict?.differs ?? null,
  };
}

function eventOf({ event, row, changed }: ExplainedEvent): z.input<typeof explainedEvent> {
  const { data: _, ...shown } = eventJson(event);
  // 00-<trace id>-<span id>-<flags>
  const [, traceId = null] = shown.traceparent?.split("-") ?? [];
  return { ...shown, traceId, row, changed };
}
