import type { Tick } from "../../platform/market/candle.ts";
import { MINUTE_MS } from "../../platform/market/interval.ts";
import type { Row } from "../runner/projection.ts";
import type { StoredRow } from "../runner/read-store.ts";
import { integer, integerOrNull, textOrNull } from "../runner/sql-row.ts";
import { identifier } from "../stores/influx/query.ts";
import { DELETED_FIELD } from "../stores/influx/shape.ts";
import { EARLIEST_MS, LATEST_MS, parsedTime } from "../stores/influx/text.ts";
import { InfluxTimeline, type TimeSpan } from "../stores/influx/timeline.ts";
import { type InfluxVersions, tagIn } from "../stores/influx/versions.ts";
import type { FoldedSecond } from "./folded-seconds.ts";
import { InfluxSeconds, type InfluxSecondsParts } from "./influx-seconds.ts";
import { shaped } from "./influx-shapes.ts";
import {
  clockOf,
  type InstrumentClock,
  MarketSource,
  OPEN_BEFORE_WATERMARK_MS,
  ROWS_AT_FIRST,
  ROWS_AT_ONCE,
  type StoredMinute,
} from "./market-source.ts";
import { foldedTickOf, minuteOfRow } from "./rows.ts";
import type { TimeRange } from "./store.ts";

/** Of one instrument, along time. */
interface Timelines {
  readonly ticks: InfluxTimeline;
  readonly minutes: InfluxTimeline;
  readonly openMinutes: InfluxTimeline;
}

export type InfluxSourceParts = Omit<InfluxSecondsParts, "timeline">;

const EVER = { fromMs: EARLIEST_MS, toMs: LATEST_MS };

/** One instrument in InfluxDB, for one query. */
export class InfluxMarketSource extends MarketSource {
  readonly #versions: InfluxVersions;
  readonly #timelines: Timelines;
  readonly #seconds: InfluxSeconds;

  /** `null` when the instrument is not known. */
  static async open(parts: InfluxSourceParts): Promise<InfluxMarketSource | null> {
    const { versions, instrumentId } = parts;
    const ofInstrument = tagIn("instrumentId", [instrumentId]);
    const found = await versions.rows([shaped.instruments, shaped.watermarks], ofInstrument);
    const [[instrument] = [], [watermark] = []] = found;
    if (instrument === undefined) return null;
    const timelines = timelinesOf(versions, instrumentId, instrument);
    const clock = await readClock(versions, timelines, {
      instrument: instrument.row,
      watermark: watermark?.row ?? null,
    });
    return new InfluxMarketSource(parts, timelines, clock);
  }

  private constructor(parts: InfluxSourceParts, timelines: Timelines, clock: InstrumentClock) {
    super(clock);
    this.#versions = parts.versions;
    this.#timelines = timelines;
    this.#seconds = new InfluxSeconds({ ...parts, timeline: timelines.ticks });
  }

  async lastTickBefore(beforeMs: number): Promise<Tick | null> {
    const span = { fromMs: EARLIEST_MS, toMs: Math.min(beforeMs, LATEST_MS), newestFirst: true };
    const last = await this.#timelines.ticks.first(span);
    return last === null ? null : foldedTickOf(last.row);
  }

  /** The revision of a minute's row; `null` where it has none. */
  async revisionOf(openTimeMs: number): Promise<number | null> {
    const span = { fromMs: openTimeMs, toMs: openTimeMs + MINUTE_MS };
    const found = await this.#timelines.minutes.first(span);
    return found === null ? null : integer(found.row, "revision");
  }

  seconds(range: TimeRange): AsyncGenerator<readonly FoldedSecond[]> {
    return this.#seconds.read(range);
  }

  /** Where a minute was closed, it was open before: days of open minutes are all days. */
  protected async *storedMinutes(range: TimeRange): AsyncGenerator<readonly StoredMinute[]> {
    const { minutes, openMinutes } = this.#timelines;
    let firstPoints = ROWS_AT_FIRST;
    for await (const window of openMinutes.windows(range)) {
      let open = await openIn(this.#versions, openMinutes, window);
      for await (const piece of minutes.rowsOf({ ...window, firstPoints })) {
        const lastMs = Math.max(...piece.map(openTimeOf));
        yield merged(
          piece,
          open.filter((openTimeMs) => openTimeMs <= lastMs),
        );
        open = open.filter((openTimeMs) => openTimeMs > lastMs);
      }
      if (open.length > 0) yield merged([], open);
      firstPoints = ROWS_AT_ONCE;
    }
  }
}

function timelinesOf(
  versions: InfluxVersions,
  instrumentId: string,
  { partition }: StoredRow,
): Timelines {
  const of = { series: [instrumentId], partitions: [partition] };
  return {
    ticks: new InfluxTimeline(versions, shaped.ticks, of),
    minutes: new InfluxTimeline(versions, shaped.minutes, of),
    openMinutes: new InfluxTimeline(versions, shaped.openMinutes, of),
  };
}

async function readClock(
  versions: InfluxVersions,
  { ticks, minutes, openMinutes }: Timelines,
  { instrument, watermark }: { readonly instrument: Row; readonly watermark: Row | null },
): Promise<InstrumentClock> {
  const newest = { ...EVER, newestFirst: true };
  const watermarkMs = watermark === null ? null : integer(watermark, "watermarkMs");
  const [lastTick, newestMinute, firstOpenMs] = await Promise.all([
    ticks.first(newest),
    minutes.first(newest),
    watermarkMs === null ? null : firstOpen(versions, openMinutes, watermarkMs),
  ]);
  return clockOf({
    contractSize: textOrNull(instrument, "contractSize"),
    watermarkMs,
    newestMinuteMs: newestMinute === null ? null : integerOrNull(newestMinute.row, "openTimeMs"),
    firstOpenMs,
    lastTickMs: lastTick === null ? null : integer(lastTick.row, "timeMs"),
  });
}

/** The first open minute that event time has not left behind. */
async function firstOpen(
  versions: InfluxVersions,
  openMinutes: InfluxTimeline,
  watermarkMs: number,
): Promise<number | null> {
  const span = { fromMs: watermarkMs - OPEN_BEFORE_WATERMARK_MS, toMs: LATEST_MS };
  for await (const window of openMinutes.windows(span)) {
    const [first] = await openIn(versions, openMinutes, window);
    if (first !== undefined) return first;
  }
  return null;
}

/**
 * Opening times of the minutes of a window that are open, ascending. A busy minute has hundreds of
 * versions, so the server picks the last of each. The window's border may cut the first minute.
 */
async function openIn(
  versions: InfluxVersions,
  openMinutes: InfluxTimeline,
  window: TimeSpan,
): Promise<number[]> {
  const where = openMinutes.within(window);
  const [series] = await versions.all({
    text: `SELECT last(${identifier(DELETED_FIELD)}) FROM ${identifier(shaped.openMinutes.name)}
           WHERE ${where.text} GROUP BY time(1m) fill(none)`,
    values: where.values,
  });
  const minutes = series?.values ?? [];
  return minutes
    .filter(([, isDeleted]) => isDeleted === false)
    .map(([time]) => parsedTime(String(time)).ms)
    .filter((openTimeMs) => openTimeMs >= window.fromMs);
}

/** Of the rows and the open minutes of one stretch, in order. */
function merged(rows: readonly StoredRow[], open: readonly number[]): StoredMinute[] {
  const isOpen = new Set(open);
  const closed = rows.filter((row) => !isOpen.has(openTimeOf(row)));
  return [
    ...closed.map((row) => ({ openTimeMs: openTimeOf(row), closed: minuteOfRow(row.row) })),
    ...open.map((openTimeMs) => ({ openTimeMs, closed: null })),
  ].sort((a, b) => a.openTimeMs - b.openTimeMs);
}

function openTimeOf({ row }: StoredRow): number {
  return integer(row, "openTimeMs");
}
