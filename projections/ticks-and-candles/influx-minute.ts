import type { Candle } from "../../platform/market/candle.ts";
import { MINUTE_MS } from "../../platform/market/interval.ts";
import type { InfluxVersions } from "../runner/influx-versions.ts";
import { InfluxMarketSource } from "./influx-source.ts";

/** Single minutes as their stored ticks tell them, whatever their row says. */
export class InfluxMinuteReader {
  readonly #versions: InfluxVersions;

  constructor(versions: InfluxVersions) {
    this.#versions = versions;
  }

  /** `null`: no tick of the minute is stored. `revision` is that of its row, if it has one. */
  async minute(
    instrumentId: string,
    openTimeMs: number,
  ): Promise<{ readonly candle: Candle; readonly revision: number | null } | null> {
    const source = await InfluxMarketSource.open(this.#versions, instrumentId);
    const range = { fromMs: openTimeMs, toMs: openTimeMs + MINUTE_MS };
    const [candle] = (await source?.foldedMinutes(range)) ?? [];
    if (source === null || candle === undefined) return null;
    return { candle, revision: await source.revisionOf(openTimeMs) };
  }
}
