import type { MarketDataEvent } from "../../../../schemas/generated/market-data.ts";

export type QuarantineEvent = Extract<MarketDataEvent, { type: "TicksQuarantined" }>;
