import { rowHasher } from "../runner/digest.ts";
import type { ColumnType, Row, Table, Value } from "../runner/projection.ts";

/** Columns that an event has changed; all where the row came or went. Both are as projected. */
export function changedColumns(
  { columns }: Table,
  before: Row | null,
  after: Row | null,
): readonly string[] {
  const names = Object.keys(columns);
  if (before === null || after === null) return names;
  return names.filter((name) => before[name] !== after[name]);
}

/** Columns of a stored row that are other than projected, by the rules of the digest. */
export function differingColumns(
  { columns }: Table,
  { stored, made }: { readonly stored: Row; readonly made: Row | null },
): readonly string[] {
  const all = Object.entries(columns);
  if (made === null) return all.map(([name]) => name);
  const differing = all.filter(([name, type]) => {
    return !isSame(type, stored[name] ?? null, made[name] ?? null);
  });
  return differing.map(([name]) => name);
}

/** A store may give a decimal back with other zeros, and JSON with other blanks. */
function isSame(type: ColumnType, stored: Value, made: Value): boolean {
  if (stored === made) return true;
  const hashOf = rowHasher("", { key: {}, columns: { value: type } });
  return hashOf({ value: stored }) === hashOf({ value: made });
}
