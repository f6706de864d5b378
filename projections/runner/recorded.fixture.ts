import { expect } from "chai";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { Event } from "../../platform/kernel/decider.ts";
import { compact } from "./compact.ts";
import type { Change, Projection, Row } from "./projection.ts";

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

/** The events of one aggregate, from its first on. */
export function recordedStream<E extends Event>(
  aggregateId: string,
  events: readonly E[],
): RecordedEvent<E>[] {
  return events.map((event, position) => {
    return recorded(event, { aggregateId, sequence: position + 1, position });
  });
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

/** The rows are those of event after event, also in one batch, in small ones, and read again. */
export function assertReplayable<E extends Event>(
  projection: Projection<E>,
  stream: readonly RecordedEvent<E>[],
): void {
  const once = rowsAfter(projection, batchesOf(stream, 1));
  expect(Object.keys(once)).to.have.length.above(0);
  const middle = Math.floor(stream.length / 2);
  const plans = {
    "in one batch": [stream],
    "in batches of three": batchesOf(stream, 3),
    "read twice": [stream, stream],
    "each batch twice": batchesOf(stream, 2).flatMap((batch) => [batch, batch]),
    "begun anew in the middle": [stream.slice(0, middle), ...batchesOf(stream, 1)],
  };
  for (const [plan, batches] of Object.entries(plans)) {
    expect(rowsAfter(projection, batches), plan).to.deep.equal(once);
  }
}

function batchesOf<T>(all: readonly T[], size: number): T[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, at) => all.slice(at * size, (at + 1) * size));
}

/** What a store holds by `table/key` after these batches; an immutable row comes again as it is. */
function rowsAfter<E extends Event>(
  projection: Projection<E>,
  batches: readonly (readonly RecordedEvent<E>[])[],
): Record<string, Row> {
  const rows: Record<string, Row> = {};
  for (const batch of batches) {
    const events = batch.map((one) => ({
      position: one.position,
      changes: projection.project(one),
    }));
    for (const { table, row, deleted } of compact(projection.tables, events)) {
      const declared = projection.tables[table];
      const key = [table, ...Object.keys(declared?.key ?? {}).map((name) => row[name])].join("/");
      if (declared?.immutable && key in rows) expect(row, key).to.deep.equal(rows[key]);
      if (deleted) delete rows[key];
      else rows[key] = row;
    }
  }
  return rows;
}
