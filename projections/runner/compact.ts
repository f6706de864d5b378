import { rowComparer } from "./key-order.ts";
import type { Change, Row, Table, Tables } from "./projection.ts";
import type { PositionedChange } from "./read-store.ts";
import { DataError } from "./read-store.ts";

/** What one event changes, with its position. */
export interface EventChanges {
  readonly position: number;
  readonly changes: readonly Change[];
}

/**
 * Reduces the changes of a batch to the last one per key, sorted by table and key: unsorted writers
 * on shared keys run into deadlocks, and a hot key written once costs one write.
 */
export function compact(tables: Tables, events: readonly EventChanges[]): PositionedChange[] {
  const byTable = new Map<string, TableChanges>();
  for (const { position, changes } of events) {
    for (const change of changes) {
      let collected = byTable.get(change.table);
      if (collected === undefined) {
        collected = tableChanges(tables, change.table);
        byTable.set(change.table, collected);
      }
      collected.add(positioned(change, position));
    }
  }
  const names = [...byTable.keys()].sort();
  return names.flatMap((name) => byTable.get(name)?.sorted() ?? []);
}

interface TableChanges {
  add(change: PositionedChange): void;
  sorted(): PositionedChange[];
}

function tableChanges(tables: Tables, name: string): TableChanges {
  const table = tables[name];
  if (table === undefined) throw new DataError(`the projection declares no table ${name}`);
  const compareRows = rowComparer(table);
  const compare = (a: PositionedChange, b: PositionedChange) => compareRows(a.row, b.row);
  if (table.immutable) {
    const all: PositionedChange[] = [];
    return { add: (change) => all.push(change), sorted: () => all.sort(compare) };
  }
  const lastByKey = new Map<string, PositionedChange>();
  return {
    add: (change) => {
      const key = keyText(table, change.row);
      const before = lastByKey.get(key);
      lastByKey.set(key, before === undefined ? change : following(before, change));
    },
    sorted: () => [...lastByKey.values()].sort(compare),
  };
}

/** The change that comes of two: a row that was deleted between begins anew. */
function following(before: PositionedChange, change: PositionedChange): PositionedChange {
  if (change.deleted) return change;
  if (before.deleted) return { ...change, begins: true };
  const first = before.first ?? before.position;
  return before.begins ? { ...change, first, begins: true } : { ...change, first };
}

function keyText(table: Table, row: Row): string {
  let text = "";
  for (const column in table.key) text += `${row[column]}\u0000`;
  return text;
}

function positioned(change: Change, position: number): PositionedChange {
  return change.deleted
    ? { table: change.table, row: change.row, position, deleted: true }
    : { table: change.table, row: change.row, position };
}
