import type { RunningCandle } from "../../platform/market/candle.ts";

/** Seconds of all instruments together; the one folded longest ago goes first. */
const SECONDS_KEPT = 20_000;

/**
 * Seconds that queries have folded from ticks, so that the next query folds only what is new.
 * Stored ticks never change: a second with as many ticks as were folded holds those.
 */
export class KeptSeconds {
  readonly #seconds = new Map<string, RunningCandle>();

  /** `null` unless all `ticks` of the second were folded. What it gives must not be changed. */
  get(instrumentId: string, second: number, ticks: number): Readonly<RunningCandle> | null {
    const kept = this.#seconds.get(`${instrumentId} ${second}`);
    return kept?.trades === ticks ? kept : null;
  }

  keep(instrumentId: string, second: number, folded: RunningCandle): void {
    const key = `${instrumentId} ${second}`;
    this.#seconds.delete(key);
    this.#seconds.set(key, folded);
    if (this.#seconds.size <= SECONDS_KEPT) return;
    for (const oldest of this.#seconds.keys()) {
      this.#seconds.delete(oldest);
      return;
    }
  }
}
