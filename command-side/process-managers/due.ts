import type { Row } from "../../projections/runner/projection.ts";
import type { StoredRow } from "../../projections/runner/read-store.ts";
import type { Cause } from "./manager.ts";
import type { Find, ProcessStore, SettledRow } from "./process-store.ts";

/** Commands that may wait in a manager's outbox; beyond it work stays due. */
export const OUTBOX_LIMIT = 10_000;

/** A due row, to be settled when its command is frozen. */
export interface DueRow extends StoredRow {
  readonly table: string;
}

/** Due rows of a table; those of events before the manager's start are done with unanswered. */
export async function dueRows(store: ProcessStore, find: Find): Promise<DuePage> {
  const starts = await store.starts();
  const [found = []] = await store.find([find]);
  const page = found.map((row) => ({ ...row, table: find.table }));
  const isPast = ({ partition, position }: StoredRow) => {
    return position < (starts.get(partition)?.position ?? 0);
  };
  // One by one: a row that an event has changed meanwhile must not keep the others.
  for (const row of page.filter(isPast)) await store.freeze({ commands: [], settled: [row] });
  const due = page.filter((row) => !isPast(row));
  return { due, last: page.length < find.limit ? null : (page.at(-1) ?? null) };
}

interface DuePage {
  readonly due: readonly DueRow[];
  /** After which more may be found; null: these were all. */
  readonly last: DueRow | null;
}

/** The event that made a row due. */
export function causeOf(row: Row): Cause {
  return {
    eventId: textOf(row, "eventId"),
    correlationId: textOf(row, "correlationId"),
    position: {
      topic: textOf(row, "topic"),
      partition: integerOf(row, "partition"),
      position: integerOf(row, "position"),
    },
  };
}

export function settled({ table, row, partition, position }: DueRow): SettledRow {
  return { table, row, partition, position };
}

/** Columns as what their table declares; another type is a bug and throws. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw new TypeError(`${column} is no text: ${value}`);
}

export function integerOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  throw new TypeError(`${column} is no number: ${value}`);
}
