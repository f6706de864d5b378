import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { ColumnType, Projection, Table, Value } from "../../projections/runner/projection.ts";

export interface ChosenTable {
  readonly name: string;
  readonly table: Table;
}

/** The table of that name; without one, the first that the projection declares. */
export function chosenTable({ name, tables }: Projection, asked: string | null): ChosenTable {
  const names = Object.keys(tables);
  const chosen = asked ?? names[0] ?? "";
  const table = Object.hasOwn(tables, chosen) ? tables[chosen] : undefined;
  if (table !== undefined) return { name: chosen, table };
  throw wrong("table", `${name} has no table ${chosen}; it has ${names.join(", ")}`);
}

/** The key that a JSON array of the values of the table's key columns says. */
export function chosenKey(chosen: ChosenTable, text: string): readonly Value[] {
  const columns = Object.entries(chosen.table.key);
  const key = parsedArray(text);
  const fits = key?.length === columns.length && columns.every(([, type], i) => is(type, key[i]));
  if (fits) return key as readonly Value[];
  const wanted = columns.map(([column, type]) => `${column} (${type})`).join(", ");
  throw wrong("key", `a row of ${chosen.name} is found by a JSON array of ${wanted}`);
}

function parsedArray(text: string): readonly unknown[] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** A key column is text or integer; what no store can hold is in none. */
function is(type: ColumnType, value: unknown): boolean {
  if (type === "integer") return Number.isSafeInteger(value);
  return typeof value === "string" && value.isWellFormed() && !value.includes("\u0000");
}

function wrong(parameter: string, detail: string): PlatformError {
  return new PlatformError("INVALID_REQUEST", detail, {
    errors: [{ pointer: `/query/${parameter}`, detail }],
  });
}
