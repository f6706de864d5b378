import { compareKeys, keyOf } from "../../runner/key-order.ts";
import type { Value } from "../../runner/projection.ts";
import type { RowOrigin } from "../../runner/read-store.ts";
import { type InfluxSeries, identifier, identifiers } from "./query.ts";
import { selectedColumns, versionsIn } from "./row.ts";
import {
  BEGINS_FIELD,
  DELETED_FIELD,
  FIRST_FIELD,
  POSITION_FIELD,
  type ShapedTable,
} from "./shape.ts";
import { NS_PER_MS, nanoseconds, tagText, timeText } from "./text.ts";
import { type Condition, every, type InfluxVersions, storedRow, visibleAsOf } from "./versions.ts";

/**
 * The row of a key, as of the checkpoints, with the span of the log that made it. Where it began is
 * kept nowhere, for no point is ever changed: it is the first of its points after the last that
 * says that the row was not there.
 */
export async function rowWithOrigin(
  versions: InfluxVersions,
  table: ShapedTable,
  key: readonly Value[],
): Promise<RowOrigin | null> {
  const where = conditionOf(versions, table, key);
  // Of several that share a time, not all of a key is in tags and time.
  const isOneOfMany = table.shape.time?.nsColumn != null;
  const end = isOneOfMany ? "" : "ORDER BY time DESC LIMIT 1";
  const series = await versions.all({
    text: `SELECT ${selectedColumns(table)} FROM ${identifier(table.name)} WHERE ${where.text} ${end}`,
    values: where.values,
  });
  const found = versionsIn(table, series).find(({ row, isDeleted }) => {
    return !isDeleted && compareKeys(keyOf(table.table, row), key) === 0;
  });
  if (found === undefined) return null;
  if (table.table.immutable) return { ...storedRow(found), first: found.position };
  const first = await firstOf(versions, table, { where, fromMs: msOf(table, key) });
  return { ...storedRow(found), first: first ?? found.position };
}

async function firstOf(
  versions: InfluxVersions,
  table: ShapedTable,
  { where, fromMs }: { readonly where: Condition; readonly fromMs: number },
): Promise<number | null> {
  const isBoundary = {
    text: `("${DELETED_FIELD}" = true OR "${BEGINS_FIELD}" = true)`,
    values: [],
  };
  const boundary = await pointOf(versions, table, every([where, isBoundary]), "DESC");
  if (boundary?.begins) return boundary.first;
  const afterIt = boundary === null ? [] : [isAfter(fromMs, boundary.position)];
  return (await pointOf(versions, table, every([where, ...afterIt]), "ASC"))?.first ?? null;
}

function isAfter(ms: number, position: number): Condition {
  return { text: "time > ?", values: [BigInt(timeText(ms, position))] };
}

interface Beginning {
  readonly position: number;
  readonly first: number;
  readonly begins: boolean;
}

/** The first or last of the points; `null`: there is none. */
async function pointOf(
  versions: InfluxVersions,
  { name }: ShapedTable,
  { text, values }: Condition,
  order: "ASC" | "DESC",
): Promise<Beginning | null> {
  const series = await versions.all({
    text: `SELECT ${identifiers([POSITION_FIELD, FIRST_FIELD, BEGINS_FIELD])}
           FROM ${identifier(name)} WHERE ${text} ORDER BY time ${order} LIMIT 1`,
    values,
  });
  const [point] = series.flatMap(beginningsIn);
  return point ?? null;
}

function beginningsIn({ values }: InfluxSeries): Beginning[] {
  return values.map(([, position, first, begins]) => {
    return {
      position: Number(position),
      first: Number(first ?? position),
      begins: begins === true,
    };
  });
}

/** Of all points of the row; where rows never change, of others of the same time, too. */
function conditionOf(
  versions: InfluxVersions,
  table: ShapedTable,
  key: readonly Value[],
): Condition {
  const tags = table.series.map((column, i): Condition => {
    const value = key[i] as Value;
    // Of integers 0 is left out, and InfluxQL finds a tag that is not there as an empty one.
    const text = typeof value === "number" ? (value === 0 ? "" : String(value)) : undefined;
    return { text: `${identifier(column)} = ?`, values: [text ?? tagText(String(value))] };
  });
  const fromMs = msOf(table, key);
  const { time } = table.shape;
  const end =
    time === null
      ? BigInt(Math.max(0, ...versions.asOf.values()))
      : nanoseconds(fromMs + Math.ceil(time.nsBelow / NS_PER_MS));
  const within = { text: "time >= ? AND time < ?", values: [nanoseconds(fromMs), end] };
  return every([within, ...tags, visibleAsOf(versions.asOf)]);
}

/** The time at which the row's points begin: where they stand at their positions, that of 0. */
function msOf({ shape, series }: ShapedTable, key: readonly Value[]): number {
  return shape.time === null ? 0 : Number(key[series.length]);
}
