import type { Candle } from "../../platform/market/candle.ts";
import { MINUTE_MS } from "../../platform/market/interval.ts";
import type { InfluxVersions } from "../stores/influx/versions.ts";
import { InfluxMarketSource } from "./influx-source.ts";
import { KeptSeconds } from "./kept-seconds.ts";

/** Single minutes as their stored ticks tell them, whatever their row says. */
export class InfluxMinuteReader {
  readonly #versions: InfluxVersions;
  readonly #kept: KeptSeconds;

  constructor(versions: InfluxVersions, kept: KeptSeconds) {
    this.#versions = versions;
    this.#kept = kept;
  }

  /** What makes readers of one generation, which keep the seconds that any of them has folded. */
  static maker(): (versions: InfluxVersions) => InfluxMinuteReader {
    const kept = new KeptSeconds();
    return (versions) => new InfluxMinuteReader(versions, kept);
  }

  /** `null`: no tick of the minute is stored. `revision` is that of its row, if it has one. */
  async minute(
    instrumentId: string,
    openTimeMs: number,
  ): Promise<{ readonly candle: Candle; readonly revision: number | null } | null> {
    const source = await InfluxMarketSource.open({
      versions: this.#versions,
      instrumentId,
      kept: this.#kept,
    });
    const range = { fromMs: openTimeMs, toMs: openTimeMs + MINUTE_MS };
    const [candle] = (await source?.foldedMinutes(range)) ?? [];
    if (source === null || candle === undefined) return null;
    return { candle, revision: await source.revisionOf(openTimeMs) };
  }
}
