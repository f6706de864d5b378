import { type Batch, DataError, type PositionedChange } from "../../runner/read-store.ts";
import { parkedText } from "./checkpoints.ts";
import type { RedisArgument } from "./connection.ts";
import { indexEntry, type RedisLayout, rowKey, rowText, type TablePlaces } from "./layout.ts";

/**
 * Changes that one script may have at all. The server does nothing else meanwhile; so many take it
 * about a tenth of a second. An event that changes more is set aside with its stream.
 */
const MOST_CHANGES = 20_000;

/** The arguments of the script `APPLY`, in its order. */
export function applyArguments(layout: RedisLayout, batch: Batch): RedisArgument[] {
  const { expected, next, epoch, highestClaim, recordedAtMs } = batch;
  const { released, parked, causes, changes } = batch;
  if (changes.length > MOST_CHANGES) {
    throw new DataError(`${changes.length} changes at once; the most are ${MOST_CHANGES}`);
  }
  const values: RedisArgument[] = [expected, next, epoch, highestClaim, recordedAtMs];
  values.push(released.length, ...released);
  values.push(parked.length, ...parked.flatMap((one) => [one.stream, parkedText(one)]));
  values.push(causes.size, ...[...causes].flat());
  const byTable = Map.groupBy(changes, ({ table }) => table);
  values.push(byTable.size);
  for (const [table, ofTable] of byTable) {
    const places = layout.tables.get(table);
    if (places === undefined) throw new DataError(`the read model has no table ${table}`);
    pushTable(values, places, ofTable);
  }
  return values;
}

function pushTable(
  values: RedisArgument[],
  { stored, rows, order, indexes }: TablePlaces,
  changes: readonly PositionedChange[],
): void {
  values.push(rows, order, stored.table.immutable ? 1 : 0, indexes.length);
  for (const index of indexes) values.push(index.order, index.members);
  const written = changes.filter(({ deleted }) => !deleted);
  values.push(written.length);
  for (const change of written) values.push(rowKey(stored, change.row), rowText(stored, change));
  for (const index of indexes) {
    for (const { row } of written) {
      values.push(
        indexEntry(
          index,
          index.columns.map((column) => row[column] ?? null),
        ),
      );
    }
  }
  const deleted = changes.filter((change) => change.deleted);
  values.push(deleted.length);
  for (const { row } of deleted) values.push(rowKey(stored, row));
}
