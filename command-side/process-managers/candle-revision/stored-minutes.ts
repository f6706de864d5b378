import type { Positions } from "../../../platform/log/log.ts";
import type { Candle } from "../../../platform/market/candle.ts";

/** A minute folded from the stored ticks, and the revision of its row before, if it has one. */
export interface StoredMinute {
  readonly candle: Candle;
  readonly revision: number | null;
}

/** What the manager may ask of the market read model. */
export interface StoredMinutes {
  /** True when the read model has passed these positions. */
  hasPassed(positions: Positions): Promise<boolean>;
  /** `null`: no tick of the minute is stored. */
  minute(instrumentId: string, openTimeMs: number): Promise<StoredMinute | null>;
}
