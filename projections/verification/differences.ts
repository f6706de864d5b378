import type { RowDifference } from "../../schemas/generated/operations.ts";
import { keyOf } from "../runner/key-order.ts";
import type { Table } from "../runner/projection.ts";
import type { StoredRow } from "../runner/read-store.ts";
import type { RowPair } from "./row-pairs.ts";

const SHOWN_OF_A_TABLE = 5;
const ROW_CHARACTERS = 2_000;

/** Counts all rows that differ, and keeps the first of each table. */
export class Differences {
  count = 0;
  readonly #shown = new Map<string, RowDifference[]>();

  add(name: string, table: Table, { live, built }: RowPair): void {
    this.count += 1;
    const shown = this.#shown.get(name) ?? [];
    this.#shown.set(name, shown);
    const row = (live ?? built)?.row;
    if (shown.length >= SHOWN_OF_A_TABLE || row === undefined) return;
    const key = cut(JSON.stringify(keyOf(table, row)));
    shown.push({ table: name, key, live: rowText(live), built: rowText(built) });
  }

  get shown(): readonly RowDifference[] {
    return [...this.#shown.values()].flat();
  }
}

function rowText(stored: StoredRow | null): string | null {
  return stored === null ? null : cut(JSON.stringify(stored.row));
}

function cut(text: string): string {
  return text.length > ROW_CHARACTERS ? `${text.slice(0, ROW_CHARACTERS - 1)}…` : text;
}
