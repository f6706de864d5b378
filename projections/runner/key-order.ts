import type { Row, Table, Value } from "./projection.ts";

/**
 * The order of keys in every store and digest: column by column, numbers by value, texts by code
 * point (which is the byte order of UTF-8, and so that of the stores).
 */
export function compareKeys(a: readonly Value[], b: readonly Value[]): number {
  for (let i = 0; i < a.length; i += 1) {
    const order = compareValues(a[i] as Value, b[i] as Value);
    if (order !== 0) return order;
  }
  return 0;
}

export function keyOf(table: Table, row: Row): readonly Value[] {
  return Object.keys(table.key).map((column) => row[column] as Value);
}

/** Compares two rows of one table by key without making arrays of their keys. */
export function rowComparer(table: Table): (a: Row, b: Row) => number {
  const columns = Object.keys(table.key);
  return (a, b) => {
    for (const column of columns) {
      const order = compareValues(a[column] as Value, b[column] as Value);
      if (order !== 0) return order;
    }
    return 0;
  };
}

function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  return Number(a) - Number(b);
}

/** JavaScript compares UTF-16 units, which puts U+E000 … U+FFFF after the surrogates of U+10000. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
