import type { MarketDataEvent } from "../../../../schemas/generated/market-data.ts";

export type {
  InstrumentRegistered,
  MarketTick,
  TicksRecorded,
} from "../../../../schemas/generated/market-data.ts";

/** Every event of an instrument. */
export type InstrumentEvent = Exclude<MarketDataEvent, { type: "TicksQuarantined" }>;
export type EventOf<T extends InstrumentEvent["type"]> = Extract<InstrumentEvent, { type: T }>;
