import { hash } from "node:crypto";
import type { ColumnType, Row, Table, Tables, Value } from "./projection.ts";
import type { ReadStore, StoredRow } from "./read-store.ts";

/**
 * What two generations are compared by: the sum mod 2^256 of the SHA-256 of each row, and the count
 * of rows, over rows read back. A sum does not depend on the order, so that digests of parts add
 * up. Nothing here is shared with what writes: an error there must not be made again here.
 *
 * A row is hashed as a sequence of fields, each `<length>:<text>,`: the table name, then the name,
 * type and value of each key column in key order, then of each other column in order of name.
 * Partition and position of a row are left out: they may differ between equal generations.
 */
export interface Digest {
  readonly rows: number;
  /** 64 hexadecimal digits. */
  readonly sum: string;
}

export const EMPTY_DIGEST: Digest = { rows: 0, sum: "0".repeat(64) };

const MODULUS = 1n << 256n;

export interface DigestOptions {
  /** Columns that are derived on a schedule and say nothing about the events, as `table.column`. */
  readonly derived?: ReadonlySet<string>;
  /** Rows to leave out: those above a position, those of parked streams. */
  readonly leaveOut?: (table: string, row: StoredRow) => boolean;
}

/** The digest of every table of a generation, and of all together. */
export async function digestGeneration(
  store: Pick<ReadStore, "rows">,
  tables: Tables,
  options: DigestOptions = {},
): Promise<{ readonly all: Digest; readonly tables: Readonly<Record<string, Digest>> }> {
  const byTable: Record<string, Digest> = {};
  for (const [name, table] of Object.entries(tables)) {
    byTable[name] = await digestRows({ name, table, rows: store.rows(name), options });
  }
  return { all: Object.values(byTable).reduce(addDigests, EMPTY_DIGEST), tables: byTable };
}

export async function digestRows(parts: {
  readonly name: string;
  readonly table: Table;
  readonly rows: AsyncIterable<StoredRow>;
  readonly options?: DigestOptions;
}): Promise<Digest> {
  const { name, table, rows, options = {} } = parts;
  const hashOf = rowHasher(name, table, options);
  const sum = new DigestSum();
  for await (const stored of rows) {
    if (!options.leaveOut?.(name, stored)) sum.add(hashOf(stored.row));
  }
  return sum.digest();
}

/** A digest that grows row by row. */
export class DigestSum {
  #rows = 0;
  #sum = 0n;

  /** `rowHash`: of `rowHasher`. */
  add(rowHash: string): void {
    this.#rows += 1;
    this.#sum = (this.#sum + BigInt(`0x${rowHash}`)) % MODULUS;
  }

  digest(): Digest {
    return digestOf(this.#rows, this.#sum);
  }
}

export function addDigests(a: Digest, b: Digest): Digest {
  return digestOf(a.rows + b.rows, (BigInt(`0x${a.sum}`) + BigInt(`0x${b.sum}`)) % MODULUS);
}

function digestOf(rows: number, sum: bigint): Digest {
  return { rows, sum: sum.toString(16).padStart(64, "0") };
}

/** Gives the SHA-256 of a row, in hexadecimal: two rows with the same are equal. */
export function rowHasher(
  name: string,
  table: Table,
  { derived }: DigestOptions = {},
): (row: Row) => string {
  const columns = [
    ...Object.entries(table.key),
    ...Object.entries(table.columns).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]
    .filter(([column]) => derived?.has(`${name}.${column}`) !== true)
    .map(([column, type]) => ({ column, type, before: field(column) + field(type) }));
  const beginning = field(name);
  return (row) => {
    refuseOtherColumns(name, table, row);
    let text = beginning;
    for (const { column, type, before } of columns) {
      const value = row[column];
      if (value === undefined) throw new RangeError(`${name}.${column} is not in the row`);
      text += before + field(canonical(type, value));
    }
    return hash("sha256", text, "hex");
  };
}

/** A column the declaration does not know would go unseen into the store and out of the digest. */
function refuseOtherColumns(name: string, { key, columns }: Table, row: Row): void {
  for (const column in row) {
    if (column in key || column in columns) continue;
    throw new RangeError(`${name}.${column} is in the row, but not declared`);
  }
}

function field(text: string): string {
  return `${Buffer.byteLength(text)}:${text},`;
}

/** `null` as `-`, everything else with a `+` before it. */
function canonical(type: ColumnType, value: Value): string {
  if (value === null) return "-";
  switch (type) {
    case "text":
      return `+${expectType(value, "string")}`;
    case "decimal":
      return `+${canonicalDecimal(String(expectType(value, "string")))}`;
    case "integer":
      return `+${canonicalInteger(value)}`;
    case "double":
      return `+${canonicalDouble(value)}`;
    case "boolean":
      return `+${expectType(value, "boolean")}`;
    case "json":
      return `+${canonicalJson(JSON.parse(String(expectType(value, "string"))))}`;
  }
}

function expectType(value: Value, type: "string" | "boolean" | "number"): Value {
  if (typeof value === type) return value;
  throw new TypeError(`a ${type} was expected, not ${typeof value}`);
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Plain notation without leading or trailing zeros: `1.50`, `15e-1` and `+01.5` are all `1.5`. */
function canonicalDecimal(text: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] = DECIMAL.exec(text) ?? [];
  if (whole + fraction === "") throw new RangeError(`no decimal: "${text}"`);
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const before = digits.slice(0, Math.max(point, 0)).padEnd(Math.max(point, 0), "0");
  const after = point < 0 ? "0".repeat(-point) + digits : digits.slice(point);
  const wholePart = before.replace(/^0+/, "") || "0";
  const fractionPart = after.replace(/0+$/, "");
  const plain = fractionPart === "" ? wholePart : `${wholePart}.${fractionPart}`;
  return sign === "-" && plain !== "0" ? `-${plain}` : plain;
}

function canonicalInteger(value: Value): string {
  if (Number.isSafeInteger(value)) return BigInt(Number(value)).toString();
  throw new RangeError(`no integer within 2^53: ${value}`);
}

/** The eight bytes of the double, in hexadecimal; minus zero counts as zero. */
function canonicalDouble(value: Value): string {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new RangeError(`no finite double: ${value}`);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value === 0 ? 0 : value);
  return bytes.toString("hex");
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(",")}}`;
}
