import type { Tick } from "../../platform/market/candle.ts";
import { identifier } from "../stores/influx/query.ts";
import { POSITION_FIELD } from "../stores/influx/shape.ts";
import { parsedTime } from "../stores/influx/text.ts";
import type { InfluxTimeline } from "../stores/influx/timeline.ts";
import type { InfluxVersions } from "../stores/influx/versions.ts";
import { type CountedSecond, FoldedSeconds, SECOND_MS } from "./folded-seconds.ts";
import { shaped } from "./influx-shapes.ts";
import type { KeptSeconds } from "./kept-seconds.ts";
import { foldedTickOf } from "./rows.ts";
import type { TimeRange } from "./store.ts";

export interface InfluxSecondsParts {
  readonly versions: InfluxVersions;
  readonly instrumentId: string;
  /** Its ticks. */
  readonly timeline: InfluxTimeline;
  /** Of the generation, whose checkpoints only grow. */
  readonly kept: KeptSeconds;
}

/** The seconds of one instrument in InfluxDB. */
export class InfluxSeconds extends FoldedSeconds {
  readonly #versions: InfluxVersions;
  readonly #timeline: InfluxTimeline;

  constructor({ versions, instrumentId, timeline, kept }: InfluxSecondsParts) {
    super(instrumentId, kept);
    this.#versions = versions;
    this.#timeline = timeline;
  }

  protected async count(range: TimeRange, limit: number): Promise<CountedSecond[]> {
    const counted: CountedSecond[] = [];
    for await (const window of this.#timeline.windows(range)) {
      const where = this.#timeline.within(window);
      const [series] = await this.#versions.all({
        text: `SELECT count(${identifier(POSITION_FIELD)}) FROM ${identifier(shaped.ticks.name)}
               WHERE ${where.text} GROUP BY time(1s) fill(none) LIMIT ${limit - counted.length}`,
        values: where.values,
      });
      for (const [time, ticks] of series?.values ?? []) {
        const second = parsedTime(String(time)).ms / SECOND_MS;
        counted.push({ second, ticks: Number(ticks) });
      }
      if (counted.length >= limit) break;
    }
    return counted;
  }

  protected async ticks(range: TimeRange): Promise<Tick[]> {
    const pieces = await Array.fromAsync(this.#timeline.rows(range));
    return pieces.flat().map(({ row }) => foldedTickOf(row));
  }
}
