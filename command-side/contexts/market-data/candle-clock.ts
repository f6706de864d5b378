import type { RecordedEvent } from "../../../platform/codec/envelope.ts";
import { MINUTE_MS, minuteOf } from "../../../platform/market/interval.ts";
import type { MarketDataEvent } from "../../../schemas/generated/market-data.ts";
import { LATENESS_MILLISECONDS } from "./instrument/limits.ts";

/** An instrument that was silent this long has nothing open that the clock did not close. */
const FORGET_AFTER_MILLISECONDS = 5 * 60_000;

/**
 * Knows which instruments have a minute that only the clock can close: those whose last ticks were
 * live. It is told of every event and asked every second; it sends nothing itself.
 */
export class CandleClock {
  readonly #watermarks = new Map<string, number>();

  observe({ aggregateId, event }: RecordedEvent): void {
    const fact = event as MarketDataEvent;
    if (fact.type === "TicksRecorded") {
      if (fact.data.clockCloses) this.#watermarks.set(aggregateId, fact.data.watermarkMs);
      else this.#watermarks.delete(aggregateId);
    } else if (fact.type === "CandleClosed" && fact.data.cause === "clock") {
      this.#watermarks.delete(aggregateId);
    }
  }

  /** Instruments with a minute that ended before `nowMs` less the lateness, and up to when. */
  due(nowMs: number): readonly { readonly instrumentId: string; readonly upToMs: number }[] {
    const upToMs = nowMs - LATENESS_MILLISECONDS;
    const due: { instrumentId: string; upToMs: number }[] = [];
    for (const [instrumentId, watermarkMs] of this.#watermarks) {
      const minuteEndMs = minuteOf(watermarkMs) + MINUTE_MS;
      if (minuteEndMs <= upToMs) due.push({ instrumentId, upToMs });
      if (watermarkMs < nowMs - FORGET_AFTER_MILLISECONDS) this.#watermarks.delete(instrumentId);
    }
    return due;
  }
}
