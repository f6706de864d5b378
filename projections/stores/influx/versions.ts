import type { PartitionKey } from "../../../platform/log/log.ts";
import { rowComparer } from "../../runner/key-order.ts";
import type { StoredRow } from "../../runner/read-store.ts";
import type { InfluxClient } from "./client.ts";
import { type InfluxSeries, type InfluxStatement, type InfluxValue, identifier } from "./query.ts";
import { selectedColumns, versionsIn } from "./row.ts";
import { PARTITION_TAG, POSITION_FIELD, type ShapedTable } from "./shape.ts";
import { tagText } from "./text.ts";

/** A part of a WHERE clause, with the values to bind. */
export type Condition = InfluxStatement;

/** Next positions by partition: versions at or above them are not there yet. */
export type AsOf = ReadonlyMap<PartitionKey, number>;

/**
 * A generation as it was at its checkpoints. Points are never changed and stand at the position
 * that made them, so whatever is being written meanwhile is left out, and all queries of one answer
 * agree, as in a transaction.
 */
export class InfluxVersions {
  readonly asOf: AsOf;
  readonly #client: InfluxClient;
  readonly #database: string;

  constructor(client: InfluxClient, database: string, asOf: AsOf) {
    this.asOf = asOf;
    this.#client = client;
    this.#database = database;
  }

  async all(statement: InfluxStatement): Promise<readonly InfluxSeries[]> {
    const [series = []] = await this.#client.query(this.#database, [statement]);
    return series;
  }

  /** Of tables whose points stand at their positions: the rows that fulfil the condition, by key. */
  async rows(tables: readonly ShapedTable[], where: Condition = EVERY): Promise<StoredRow[][]> {
    const nexts = [...this.asOf.values()];
    const highest = Math.max(0, ...nexts);
    const visible = visibleAsOf(this.asOf);
    const statements = tables.map((table) => ({
      text: `SELECT ${selectedColumns(table)} FROM ${identifier(table.name)}
             WHERE time >= 0 AND time < ? AND ${visible.text} AND ${where.text}
             GROUP BY * ORDER BY time DESC LIMIT 1`,
      values: [highest, ...visible.values, ...where.values],
    }));
    const answers = await this.#client.query(this.#database, statements);
    return tables.map((table, i) => {
      const newest = versionsIn(table, answers[i] ?? []).filter(({ isDeleted }) => !isDeleted);
      const compareRows = rowComparer(table.table);
      return newest.map(storedRow).sort((a, b) => compareRows(a.row, b.row));
    });
  }
}

/** Without the sign of deletion. */
export function storedRow({ row, partition, position }: StoredRow): StoredRow {
  return { row, partition, position };
}

/** `(("_partition" = ? AND "_position" < ?) OR …)` */
export function visibleAsOf(asOf: AsOf): Condition {
  const one = `("${PARTITION_TAG}" = ? AND "${POSITION_FIELD}" < ?)`;
  const all = [...asOf];
  if (all.length === 0) return { text: `"${POSITION_FIELD}" < 0`, values: [] };
  return {
    text: `(${all.map(() => one).join(" OR ")})`,
    values: all.flatMap(([partition, next]) => [tagText(partition), next]),
  };
}

/** `("instrumentId" = ? OR …)`: the tag has one of these texts. */
export function tagIn(tag: string, texts: readonly string[]): Condition {
  if (texts.length === 0) throw new RangeError(`${tag}: one of no texts`);
  return {
    text: `(${texts.map(() => `${identifier(tag)} = ?`).join(" OR ")})`,
    values: texts.map(tagText),
  };
}

/** Fulfilled by all of these. */
export function every(conditions: readonly Condition[]): Condition {
  return {
    text: conditions.map(({ text }) => text).join(" AND "),
    values: conditions.flatMap(({ values }): readonly InfluxValue[] => values),
  };
}

const EVERY: Condition = { text: `"${POSITION_FIELD}" >= 0`, values: [] };
