import { at, type Call, withQuery } from "./call.ts";
import { anything, flag, list, number, optional, record, shape, text } from "./shape.ts";

const EVENTS_A_PAGE = 200;

const explained = shape({
  id: text,
  type: text,
  topic: text,
  partition: number,
  position: number,
  aggregateId: text,
  recordedAt: text,
  commandId: text,
  actor: text,
  traceId: optional(text),
  row: optional(record(anything)),
  changed: list(text),
});

const explanation = shape({
  table: text,
  row: record(anything),
  events: list(explained),
  faults: list(shape({ position: number, stream: text, reason: text })),
  agrees: optional(flag),
  differs: optional(list(text)),
});

export type ExplainedEvent = ReturnType<typeof explained>;
export type Explanation = ReturnType<typeof explanation>;

/** A row of a table, by the values of its key. */
export interface RowKey {
  readonly table: string;
  readonly key: readonly (string | number)[];
}

export function explainRow(
  readModel: string,
  { table, key }: RowKey,
  cursor: string | null,
): Call<Explanation> {
  const parameters = { table, key: JSON.stringify(key), limit: EVENTS_A_PAGE, cursor };
  const cli = `cipherhorizon explain ${readModel} --table ${table} ${key.join(" ")}`;
  return {
    ...withQuery(at`/v1/projections/${readModel}/explain`, parameters),
    read: explanation,
    cli,
  };
}
