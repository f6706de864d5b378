import type { Projection, Tables } from "../../../projections/runner/projection.ts";
import type { MarketDataEvent } from "../../../schemas/generated/market-data.ts";
import { causeColumns, causeRow } from "../manager.ts";

const tables = {
  /** Minutes that got ticks when their instrument no longer held them. */
  staleMinutes: { key: { instrumentId: "text", openTimeMs: "integer" }, columns: causeColumns },
} as const satisfies Tables;

/** Finds the minutes that only the stored ticks can tell. */
export const candleRevision: Projection<MarketDataEvent> = {
  name: "candle-revision",
  version: 1,
  topics: ["market.events"],
  tables,
  project(recorded) {
    const { aggregateId: instrumentId, event } = recorded;
    if (event.type !== "TicksRecorded") return [];
    return event.data.staleMinutes.map((openTimeMs) => ({
      table: "staleMinutes",
      row: { instrumentId, openTimeMs, ...causeRow(recorded) },
    }));
  },
};
