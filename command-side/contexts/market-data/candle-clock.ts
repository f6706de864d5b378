import type { RecordedEvent } from "../../../platform/codec/envelope.ts";
import { ALLOWED_LATENESS_MS, MINUTE_MS, minuteOf } from "../../../platform/market/interval.ts";
import type { MarketDataEvent } from "../../../schemas/generated/market-data.ts";
import type { TickState } from "./instrument/state.ts";

/** An instrument that was silent this long has nothing open that the clock did not close. */
const FORGET_AFTER_MILLISECONDS = 5 * 60_000;

/** What may be open of an instrument: minutes from the watermark's to the latest tick's. */
interface OpenTime {
  fromMs: number;
  readonly latestMs: number;
}

/**
 * Knows which instruments have a minute that only the clock can close: those whose last ticks were
 * live. It is told of states and of the events after them, and asked every second; it sends nothing
 * itself.
 */
export class CandleClock {
  readonly #open = new Map<string, OpenTime>();

  /** Puts what an instrument's state says in the place of what was known of it. */
  put(instrumentId: string, { clockCloses, openMinutes, latestMs }: TickState): void {
    const fromMs = Math.min(...openMinutes);
    if (clockCloses && openMinutes.size > 0) this.#open.set(instrumentId, { fromMs, latestMs });
    else this.#open.delete(instrumentId);
  }

  observe({ aggregateId, event }: Pick<RecordedEvent, "aggregateId" | "event">): void {
    const fact = event as MarketDataEvent;
    if (fact.type === "TicksRecorded") {
      const { clockCloses, watermarkMs, ticks } = fact.data;
      const latestMs = Math.max(watermarkMs, ticks.at(-1)?.timeMs ?? 0);
      if (clockCloses) this.#open.set(aggregateId, { fromMs: watermarkMs, latestMs });
      else this.#open.delete(aggregateId);
    } else if (fact.type === "CandleClosed" && fact.data.cause === "clock") {
      const open = this.#open.get(aggregateId);
      if (!open) return;
      // A tick ahead of the clock may have opened the next minute already.
      open.fromMs = Math.max(open.fromMs, fact.data.openTimeMs + MINUTE_MS);
      if (open.fromMs > open.latestMs) this.#open.delete(aggregateId);
    }
  }

  /** Instruments with a minute that ended before `nowMs` less the lateness, and up to when. */
  due(nowMs: number): readonly { readonly instrumentId: string; readonly upToMs: number }[] {
    const upToMs = nowMs - ALLOWED_LATENESS_MS;
    const due: { instrumentId: string; upToMs: number }[] = [];
    for (const [instrumentId, { fromMs, latestMs }] of this.#open) {
      if (minuteOf(fromMs) + MINUTE_MS <= upToMs) due.push({ instrumentId, upToMs });
      if (latestMs < nowMs - FORGET_AFTER_MILLISECONDS) this.#open.delete(instrumentId);
    }
    return due;
  }
}
