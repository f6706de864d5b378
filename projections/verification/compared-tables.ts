import type { Projection, Table, Tables } from "../runner/projection.ts";

/** The tables without what is declared to differ: `table`, or `table.column`. */
export function comparedTables(tables: Tables, leftOut: readonly string[]): Tables {
  const names = new Set(leftOut);
  const kept = Object.entries(tables).filter(([name]) => !names.delete(name));
  const reduced = kept.map(([name, table]) => [name, withoutColumns(name, table, names)] as const);
  const [unknown] = names;
  if (unknown !== undefined) {
    throw new RangeError(`${unknown} is declared to differ, and is no table and no other column`);
  }
  return Object.fromEntries(reduced);
}

function withoutColumns(name: string, table: Table, leftOut: Set<string>): Table {
  const columns = Object.entries(table.columns).filter(([column]) => {
    return !leftOut.delete(`${name}.${column}`);
  });
  return { ...table, columns: Object.fromEntries(columns) };
}

/**
 * In what a build by this code may differ from rows that were built at `version`; `null`: the
 * projection does not say.
 */
export function declaredDifferences(
  { version: ours, changes }: Pick<Projection, "version" | "changes">,
  version: number,
): readonly string[] | null {
  if (version === ours) return [];
  return changes !== undefined && version >= changes.since && version < ours
    ? changes.differs
    : null;
}
