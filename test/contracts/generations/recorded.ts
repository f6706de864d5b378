import type { EventReader } from "../../../platform/codec/codec.ts";
import type { LogReader } from "../../../platform/log/log.ts";
import { addDigests, type Digest, EMPTY_DIGEST } from "../../../projections/runner/digest.ts";
import { followOperations } from "../../../projections/runner/operations-follower.ts";
import type { ReadStore } from "../../../projections/runner/read-store.ts";
import type { GenerationVerified, OperationsEvent } from "../../../schemas/generated/operations.ts";

type DataOf<T extends OperationsEvent["type"]> = Extract<OperationsEvent, { type: T }>["data"];

/** The data of a projection's events of one type, in order. */
export async function recordedOf<T extends OperationsEvent["type"]>(
  of: { readonly log: LogReader; readonly codec: EventReader; readonly projection: string },
  type: T,
): Promise<readonly DataOf<T>[]> {
  const all: unknown[] = [];
  const stopping = new AbortController();
  await followOperations({
    ...of,
    signal: stopping.signal,
    onEvent: ({ aggregateId, event }) => {
      if (aggregateId === of.projection && event.type === type) all.push(event.data);
    },
    onCurrent: () => stopping.abort(),
    onTrouble: () => undefined,
  });
  return all as DataOf<T>[];
}

/** The digest of all tables together. */
export function sumOf(certificate: GenerationVerified | undefined): Digest {
  return (certificate?.tables ?? []).reduce(addDigests, EMPTY_DIGEST);
}

/** As a defect of the build would have left it. Gives the row as a comparison names it. */
export async function falsifyRow(
  store: ReadStore,
  of: {
    readonly table: string;
    readonly column: string;
    readonly value: string;
    readonly logId: string;
  },
) {
  const { table, column, value, logId } = of;
  const checkpoints = await store.checkpoints();
  for await (const { row, partition, position } of store.rows(table)) {
    // Where writes are gated by their positions, it has to be a later one.
    if (position + 1 >= (checkpoints.get(partition)?.next ?? 0)) continue;
    const { next, ...checkpoint } = await store.take(partition, logId);
    const changed = { ...row, [column]: value };
    const outcome = await store.apply({
      ...{ ...checkpoint, partition, expected: next, next, parked: [], released: [] },
      changes: [{ table, row: changed, position: next - 1 }],
    });
    if (outcome !== "applied") throw new Error(`the falsified row: ${outcome}`);
    return { table, live: JSON.stringify(row), built: JSON.stringify(changed) };
  }
  throw new Error(`${table} has no row that stands still`);
}
