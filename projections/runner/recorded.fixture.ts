import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { Event } from "../../platform/kernel/decider.ts";
import type { Change, Projection } from "./projection.ts";

/** An event as read from the log, for the tests of projections. */
export function recorded<E extends Event>(
  event: E,
  more: Partial<RecordedEvent<E>> = {},
): RecordedEvent<E> {
  return {
    eventId: "01890000-0000-5000-8000-000000000001",
    aggregateId: "any-1",
    sequence: 1,
    epoch: 0,
    commandId: "01890000-0000-7000-8000-000000000002",
    commandIndex: 0,
    commandEvents: 1,
    commandHash: "",
    correlationId: "01890000-0000-7000-8000-000000000003",
    causationId: null,
    causationPosition: null,
    actor: "test",
    traceparent: null,
    event,
    topic: "any.events",
    partition: 0,
    position: 0,
    recordedAtMs: 1_700_000_000_000,
    ...more,
  };
}

/** The changes of one event to one table: `changesTo(projection, "lots", event)`. */
export function changesTo<E extends Event>(
  projection: Projection<E>,
  table: string,
  event: RecordedEvent<E>,
): Change[] {
  return projection.project(event).filter((change) => change.table === table);
}

/** Every column of every change is declared, and every declared column is there. */
export function assertDeclared(projection: Projection, changes: readonly Change[]): void {
  for (const { table, row, deleted } of changes) {
    const declared = projection.tables[table];
    if (declared === undefined) throw new Error(`${table} is not declared`);
    const columns = deleted ? declared.key : { ...declared.key, ...declared.columns };
    const [found, expected] = [Object.keys(row).sort(), Object.keys(columns).sort()];
    if (found.join() === expected.join()) continue;
    throw new Error(`${table}: columns ${found.join()}, declared ${expected.join()}`);
  }
}
