import type { PartitionKey } from "../../../platform/log/log.ts";
import { rowComparer } from "../../runner/key-order.ts";
import type { StoredRow } from "../../runner/read-store.ts";
import { identifier } from "./query.ts";
import { lastOfSelected, type StoredVersion, selectedColumns, versionsIn } from "./row.ts";
import { DAY_MS, DAYS, type InfluxTimeShape, type ShapedTable, TABLE_TAG } from "./shape.ts";
import { NS_PER_MS, nanoseconds } from "./text.ts";
import {
  type AsOf,
  type Condition,
  every,
  type InfluxVersions,
  storedRow,
  tagIn,
  visibleAsOf,
} from "./versions.ts";

/** Points of one request; it doubles as long as they are all of one time. */
const MOST_POINTS = 2_000;
/** One row has few versions, and few others share its time. */
const POINTS_FOR_ONE_ROW = 8;
/** What all points of one time may be: a millisecond has a million ordinals. */
const POINTS_OF_ONE_TIME = 1_024_000;
/** Days asked for at once, and the days that one request spans, which are those of one shard. */
const DAYS_A_PAGE = 100;
const DAYS_A_REQUEST = 7;

/** A table in which points stand at a time of their own. */
type TimedTable = ShapedTable & { readonly shape: { readonly time: InfluxTimeShape } };

export interface TimeSpan {
  /** Inclusive, epoch ms. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly newestFirst?: boolean | undefined;
  /** Points of the first request; the next ask for more. */
  readonly firstPoints?: number;
}

/** One series of a table along time: the rows of one instrument, say. */
export class InfluxTimeline {
  readonly #versions: InfluxVersions;
  readonly #table: TimedTable;
  readonly #where: Condition;
  readonly #days: Condition;
  readonly #spacingMs: number;

  /** `series`: a text for each of the table's series columns. `partitions`: whose rows it has. */
  constructor(
    versions: InfluxVersions,
    table: ShapedTable,
    of: { readonly series: readonly string[]; readonly partitions: readonly PartitionKey[] },
  ) {
    this.#versions = versions;
    this.#table = timed(table);
    const tags = table.series.map((column, i) => tagIn(column, [of.series[i] as string]));
    const asOf: AsOf = new Map(of.partitions.map((key) => [key, versions.asOf.get(key) ?? 0]));
    this.#where = every([...tags, visibleAsOf(asOf)]);
    this.#days = every([...tags, tagIn(TABLE_TAG, [table.name])]);
    this.#spacingMs = Math.ceil(this.#table.shape.time.nsBelow / NS_PER_MS);
  }

  /** Pieces of the rows in key order, or against it; who has enough stops asking. */
  async *rows(span: TimeSpan): AsyncGenerator<readonly StoredRow[]> {
    for await (const window of this.windows(span)) yield* this.rowsOf(window);
  }

  /** As `rows`, of one window, which may be of another table's timeline. */
  async *rowsOf(window: TimeSpan): AsyncGenerator<readonly StoredRow[]> {
    let points = Math.min(window.firstPoints ?? MOST_POINTS, MOST_POINTS);
    let rest: TimeSpan | null = window;
    while (rest !== null) {
      const page: Page = await this.#page(rest, points);
      if (page.rows.length > 0) yield page.rows;
      rest = page.rest;
      points = Math.min(points * 2, MOST_POINTS);
    }
  }

  /** The first row, or the last one where the newest come first. */
  async first(span: Omit<TimeSpan, "firstPoints">): Promise<StoredRow | null> {
    for await (const [row] of this.rows({ ...span, firstPoints: POINTS_FOR_ONE_ROW })) {
      return row ?? null;
    }
    return null;
  }

  /** Stretches of time that hold all points of the span, none longer than what a shard has. */
  async *windows(span: TimeSpan): AsyncGenerator<TimeSpan> {
    const { fromMs, toMs } = span;
    if (fromMs >= toMs) return;
    if (toMs - fromMs <= DAY_MS) {
      yield span;
      return;
    }
    for await (const { first, last } of this.#dayRuns(span)) {
      yield {
        ...span,
        fromMs: Math.max(fromMs, first * DAY_MS),
        toMs: Math.min(toMs, (last + 1) * DAY_MS),
      };
    }
  }

  /** The condition of the series, as of the checkpoints, between two times. */
  within({ fromMs, toMs }: TimeSpan): Condition {
    return {
      text: `time >= ? AND time < ? AND ${this.#where.text}`,
      values: [nanoseconds(fromMs), nanoseconds(toMs), ...this.#where.values],
    };
  }

  async *#dayRuns(span: TimeSpan): AsyncGenerator<DayRun> {
    const { newestFirst = false } = span;
    let run: DayRun | null = null;
    for await (const day of this.#daysIn(span)) {
      const shard = Math.floor(day / DAYS_A_REQUEST);
      if (run !== null && Math.floor(run.first / DAYS_A_REQUEST) === shard) {
        run = newestFirst ? { first: day, last: run.last } : { first: run.first, last: day };
        continue;
      }
      if (run !== null) yield run;
      run = { first: day, last: day };
    }
    if (run !== null) yield run;
  }

  async *#daysIn({ fromMs, toMs, newestFirst = false }: TimeSpan): AsyncGenerator<number> {
    let first = Math.floor(fromMs / DAY_MS);
    let last = Math.floor((toMs - 1) / DAY_MS);
    const order = newestFirst ? "DESC" : "ASC";
    while (first <= last) {
      const [series] = await this.#versions.all({
        text: `SELECT "day" FROM ${identifier(DAYS)} WHERE time >= ? AND time <= ?
               AND ${this.#days.text} ORDER BY time ${order} LIMIT ${DAYS_A_PAGE}`,
        values: [first, last, ...this.#days.values],
      });
      const days = (series?.values ?? []).map(([, day]) => Number(day));
      yield* days;
      const end = days.at(-1);
      if (end === undefined || days.length < DAYS_A_PAGE) return;
      if (newestFirst) last = end - 1;
      else first = end + 1;
    }
  }

  async #page(window: TimeSpan, points: number): Promise<Page> {
    const table = this.#table;
    const { newestFirst = false } = window;
    const versions = await this.#versionsOf(window, points);
    if (versions.length < points) return { rows: this.#rowsOf(versions, newestFirst), rest: null };
    const cutMs = this.#msOf(versions.at(-1) as StoredVersion);
    const whole = versions.filter((version) => this.#msOf(version) !== cutMs);
    if (whole.length === 0) {
      if (points >= POINTS_OF_ONE_TIME) throw new RangeError(`${table.name}: too much at ${cutMs}`);
      return this.#page(window, points * 2);
    }
    const rest = newestFirst
      ? { ...window, toMs: Math.min(window.toMs, cutMs + this.#spacingMs) }
      : { ...window, fromMs: cutMs };
    return { rows: this.#rowsOf(whole, newestFirst), rest };
  }

  /** A minute that ticks come into has hundreds of versions: the server picks the last of each. */
  async #versionsOf(window: TimeSpan, points: number): Promise<StoredVersion[]> {
    const table = this.#table;
    const where = this.within(window);
    const isOneOfMany = table.shape.time.nsColumn === null;
    const order = window.newestFirst === true ? "DESC" : "ASC";
    const columns = isOneOfMany ? lastOfSelected(table) : selectedColumns(table);
    const group = isOneOfMany ? `GROUP BY time(${this.#spacingMs}ms) fill(none)` : "";
    const series = await this.#versions.all({
      text: `SELECT ${columns} FROM ${identifier(table.name)} WHERE ${where.text} ${group}
             ORDER BY time ${order} LIMIT ${points}`,
      values: where.values,
    });
    return versionsIn(table, series, isOneOfMany ? "of their stretch" : "their own");
  }

  #msOf({ row }: StoredVersion): number {
    return Number(row[this.#table.shape.time.msColumn]);
  }

  /** The newest version of each row, in key order or against it. */
  #rowsOf(versions: readonly StoredVersion[], newestFirst: boolean): StoredRow[] {
    const compareRows = rowComparer(this.#table.table);
    const sorted = versions.toSorted((a, b) => {
      return compareRows(a.row, b.row) || a.position - b.position;
    });
    const newest = sorted.filter((version, i) => {
      const next = sorted[i + 1];
      return next === undefined || compareRows(version.row, next.row) !== 0;
    });
    const rows = newest.filter(({ isDeleted }) => !isDeleted).map(storedRow);
    return newestFirst ? rows.reverse() : rows;
  }
}

interface DayRun {
  readonly first: number;
  readonly last: number;
}

interface Page {
  readonly rows: readonly StoredRow[];
  /** What of the window is still to be read. */
  readonly rest: TimeSpan | null;
}

function timed(table: ShapedTable): TimedTable {
  if (table.shape.time === null) throw new RangeError(`${table.name} has no time`);
  return table as TimedTable;
}
