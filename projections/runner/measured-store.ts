import { measuredRequest } from "../../platform/telemetry/client-requests.ts";
import { inSpan } from "../../platform/telemetry/tracing.ts";
import type { Batch, ReadStore } from "./read-store.ts";

/** Which store it is, in metrics and spans. */
export interface StoreName {
  /** `sqlite`, `postgres` … */
  readonly server: string;
  readonly projection: string;
}

/** Counts and times what is asked of a store, and traces its writing; one for all stores. */
export function measuredStore(store: ReadStore, { server, projection }: StoreName): ReadStore {
  const measured = <T>(operation: string, ask: () => Promise<T>) => {
    return measuredRequest({ server, operation }, ask);
  };
  const apply = (batch: Batch) => {
    const request = { server, operation: "apply", outcomeOf: (outcome: string) => outcome };
    return measuredRequest(request, () => store.apply(batch));
  };
  const { changesAtOnce, mayGoBack, longBatches } = store;
  const makeIndexes = store.makeIndexes?.bind(store);
  return {
    ...(changesAtOnce !== undefined && { changesAtOnce }),
    ...(mayGoBack !== undefined && { mayGoBack }),
    ...(longBatches !== undefined && { longBatches }),
    ...(makeIndexes && { makeIndexes: () => measured("make-indexes", makeIndexes) }),
    create: (how) => measured("create", () => store.create(how)),
    take: (partition, logId) => measured("take", () => store.take(partition, logId)),
    apply: (batch) => {
      const rows = { "db.operation.batch.size": batch.changes.length };
      return inSpan(storeSpan("apply", { server, projection }, rows), () => apply(batch));
    },
    rows: (table, from, atOnce) => store.rows(table, from, atOnce),
    row: (table, key) => measured("row", () => store.row(table, key)),
    checkpoints: () => measured("checkpoints", () => store.checkpoints()),
    drop: () => measured("drop", () => store.drop()),
    close: () => store.close(),
  };
}

/** As OpenTelemetry names the systems. */
const SYSTEMS: Readonly<Record<string, string>> = { postgres: "postgresql", mongo: "mongodb" };

/** A span of what is asked of a store, in the trace of whoever asks. */
export function storeSpan(
  operation: string,
  { server, projection }: StoreName,
  more: Readonly<Record<string, number>> = {},
) {
  return {
    name: `${operation} ${projection}`,
    kind: "client",
    attributes: {
      "db.system.name": SYSTEMS[server] ?? server,
      "db.operation.name": operation,
      "cipherhorizon.projection": projection,
      ...more,
    },
  } as const;
}
