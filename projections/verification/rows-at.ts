import { compareKeys, keyOf } from "../runner/key-order.ts";
import type { Table, Value } from "../runner/projection.ts";
import type { ReadStore, StoredRow } from "../runner/read-store.ts";

export type Key = readonly Value[];

/** So few are asked for each by its key: on the way from one to the next may lie all of a table. */
const FEW_KEYS = 32;
const FEW_AT_ONCE = 8;
/** So many rows that nobody asked for are read on the way to the next key, before it is looked up. */
const PASSED_OVER = 50;
/** Rows of one request to the store: a look-up wants one, and neighbours are often wanted too. */
const AT_ONCE = PASSED_OVER + 1;

/** The rows of some keys, in their order, as the store gives them now; `null` where there is none. */
export async function rowsAt(
  store: Pick<ReadStore, "rows" | "row">,
  name: string,
  { table, keys }: { readonly table: Table; readonly keys: readonly Key[] },
): Promise<(StoredRow | null)[]> {
  if (keys.length <= FEW_KEYS) return eachByItsKey(store, name, keys);
  const found = new Array<StoredRow | null>(keys.length).fill(null);
  const wanted = keys.map((key, at) => ({ key, at })).sort((a, b) => compareKeys(b.key, a.key));
  while (wanted.length > 0) {
    const sought = wanted.at(-1) as Wanted;
    const rows = store.rows(name, justBefore(sought.key), AT_ONCE);
    if (await take(wanted, found, { rows, table })) return found;
  }
  return found;
}

async function eachByItsKey(
  store: Pick<ReadStore, "row">,
  name: string,
  keys: readonly Key[],
): Promise<(StoredRow | null)[]> {
  const found: (StoredRow | null)[] = [];
  for (let i = 0; i < keys.length; i += FEW_AT_ONCE) {
    const some = keys.slice(i, i + FEW_AT_ONCE);
    found.push(...(await Promise.all(some.map((key) => store.row(name, key)))));
  }
  return found;
}

interface Wanted {
  readonly key: Key;
  /** Its place in what is found. */
  readonly at: number;
}

/** Takes from the end of `wanted` what the rows decide; true: they have ended, all is decided. */
async function take(
  wanted: Wanted[],
  found: (StoredRow | null)[],
  { rows, table }: { readonly rows: AsyncIterable<StoredRow>; readonly table: Table },
): Promise<boolean> {
  const before = wanted.length;
  let passedOver = 0;
  for await (const stored of rows) {
    const key = keyOf(table, stored.row);
    const left = wanted.length;
    decide(wanted, found, { key, stored });
    if (wanted.length === 0) return true;
    passedOver = wanted.length < left ? 0 : passedOver + 1;
    // Not before anything was decided: else the next look-up would be the same.
    if (wanted.length < before && passedOver > PASSED_OVER) return false;
  }
  return true;
}

/** This row is the first at or after its key: what is sought before it is not there. */
function decide(
  wanted: Wanted[],
  found: (StoredRow | null)[],
  { key, stored }: { readonly key: Key; readonly stored: StoredRow },
): void {
  for (let sought = wanted.at(-1); sought !== undefined; sought = wanted.at(-1)) {
    const order = compareKeys(sought.key, key);
    if (order > 0) return;
    if (order === 0) found[sought.at] = stored;
    wanted.pop();
  }
}

/**
 * A key before this one with next to nothing in between; `undefined`: there is none before. Where
 * the last column cannot be lowered, the one before it is, and all above that is passed over.
 */
export function justBefore(key: Key): Key | undefined {
  for (let i = key.length - 1; i >= 0; i -= 1) {
    const lower = lowered(key[i] as Value);
    if (lower === null) continue;
    return [...key.slice(0, i), lower, ...key.slice(i + 1).map(highest)];
  }
  return undefined;
}

const HIGHEST_CHARACTER = "\u{10ffff}";

function lowered(value: Value): Value | null {
  if (typeof value === "number") return value > Number.MIN_SAFE_INTEGER ? value - 1 : null;
  const text = String(value);
  const last = Array.from(text).at(-1);
  if (last === undefined) return null;
  const rest = text.slice(0, -last.length);
  const code = (last.codePointAt(0) ?? 0) - 1;
  // No text holds NUL or half of a surrogate pair.
  if (code < 1) return rest;
  return `${rest}${String.fromCodePoint(code >= 0xd800 && code < 0xe000 ? 0xd7ff : code)}${HIGHEST_CHARACTER}`;
}

function highest(value: Value): Value {
  return typeof value === "number" ? Number.MAX_SAFE_INTEGER : HIGHEST_CHARACTER.repeat(2);
}
