import type { PartitionKey } from "../../../platform/log/log.ts";
import { compareKeys, keyOf } from "../../runner/key-order.ts";
import type { Value } from "../../runner/projection.ts";
import type { StoredRow } from "../../runner/read-store.ts";
import { identifier, identifiers } from "./query.ts";
import { DAYS, PARTITION_TAG, type ShapedTable, TABLE_TAG } from "./shape.ts";
import { EARLIEST_MS, LATEST_MS, textOfTag } from "./text.ts";
import { InfluxTimeline } from "./timeline.ts";
import { type InfluxVersions, tagIn } from "./versions.ts";

interface RowRange {
  /** Rows after this key; `null`: all. */
  readonly after: readonly Value[] | null;
  /** Points of the first request, where few rows may be wanted. */
  readonly atOnce: number | undefined;
}

/** All rows of a table in key order, as of the checkpoints; those after a key, if there is one. */
export async function* rowsInKeyOrder(
  versions: InfluxVersions,
  table: ShapedTable,
  { after, atOnce }: RowRange,
): AsyncGenerator<StoredRow> {
  const isAfter = ({ row }: StoredRow) => {
    return after === null || compareKeys(keyOf(table.table, row), after) > 0;
  };
  const pieces = piecesOf(versions, table, { after, atOnce });
  for await (const piece of atOnce === undefined ? oneAhead(pieces) : pieces) {
    for (const row of piece) if (isAfter(row)) yield row;
  }
}

/** What comes next is asked for while what has come is looked at. */
async function* oneAhead<T>(all: AsyncGenerator<T>): AsyncGenerator<T> {
  let coming = all.next();
  try {
    for (;;) {
      const next = await coming;
      if (next.done === true) return;
      coming = all.next();
      // Told by the next one, where it is waited for.
      coming.catch(() => undefined);
      yield next.value;
    }
  } finally {
    await all.return(undefined);
  }
}

async function* piecesOf(
  versions: InfluxVersions,
  table: ShapedTable,
  { after, atOnce }: RowRange,
): AsyncGenerator<readonly StoredRow[]> {
  if (table.shape.time === null) {
    const [rows = []] = await versions.rows([table]);
    yield rows;
    return;
  }
  const start = after?.slice(0, table.series.length) ?? null;
  for (const of of await seriesOf(versions, table)) {
    const order = start === null ? 1 : compareKeys(of.series, start);
    if (order < 0) continue;
    const fromMs = order === 0 ? Number(after?.[table.series.length]) : EARLIEST_MS;
    const span = { fromMs, toMs: LATEST_MS, ...(atOnce && { firstPoints: atOnce }) };
    yield* new InfluxTimeline(versions, table, of).rows(span);
  }
}

interface Series {
  /** A text for each of the table's series columns. */
  readonly series: readonly string[];
  readonly partitions: readonly PartitionKey[];
}

/** Every series that has points, in key order, with the partitions whose points it has. */
async function seriesOf(versions: InfluxVersions, table: ShapedTable): Promise<Series[]> {
  const ofTable = tagIn(TABLE_TAG, [table.name]);
  const found = await versions.all({
    text: `SELECT "day" FROM ${identifier(DAYS)} WHERE ${ofTable.text}
           GROUP BY ${identifiers([PARTITION_TAG, ...table.series])} LIMIT 1`,
    values: ofTable.values,
  });
  const bySeries = Map.groupBy(
    found.map(({ tags = {} }) => tags),
    (tags) => JSON.stringify(table.series.map((column) => tags[column])),
  );
  const all = [...bySeries.values()].map((tags) => ({
    series: table.series.map((column) => textOfTag(tags[0]?.[column] ?? "")),
    partitions: tags.map((one) => textOfTag(one[PARTITION_TAG] ?? "") as PartitionKey),
  }));
  return all.sort((a, b) => compareKeys(a.series, b.series));
}
