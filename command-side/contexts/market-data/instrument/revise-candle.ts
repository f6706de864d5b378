import { accepted, type Decision, refused } from "../../../../platform/kernel/decider.ts";
import { product } from "../../../../platform/kernel/decimal.ts";
import { type Candle, vwapOf } from "../../../../platform/market/candle.ts";
import { MINUTE_MS } from "../../../../platform/market/interval.ts";
import type { ReviseCandle } from "./commands.ts";
import type { EventOf, InstrumentEvent } from "./events.ts";
import { contractSizeOf, isStale, type RegisteredInstrument } from "./state.ts";

/**
 * Takes the figures of a minute older than the state as they were folded from the stored ticks.
 * The same figures again are accepted without an event.
 */
export function reviseCandle(
  state: RegisteredInstrument,
  { data }: ReviseCandle,
): Decision<InstrumentEvent> {
  const { ticks } = state;
  if (!isStale(ticks, data.openTime)) return stillKept(data.openTime);
  const before = ticks.revised.get(data.openTime);
  const figures = figuresOf(state, data);
  if (before !== undefined && hasFigures(before, figures)) return accepted<InstrumentEvent>([]);
  const revision = Math.max(before?.revision ?? 0, data.storedRevision ?? 0) + 1;
  const revised: EventOf<"CandleRevised"> = {
    type: "CandleRevised",
    data: { ...figures, revision, watermarkMs: ticks.watermarkMs, cause: "late_tick" },
    occurredAtMs: data.openTime + MINUTE_MS,
  };
  return accepted<InstrumentEvent>([revised]);
}

function figuresOf(state: RegisteredInstrument, data: ReviseCandle["data"]): Candle {
  const { openTime: openTimeMs, storedRevision: _, ...given } = data;
  const contractSize = contractSizeOf(state);
  const quoteVolume =
    contractSize === null ? given.priceVolume : product(given.volume, contractSize);
  return { openTimeMs, ...given, quoteVolume, vwap: vwapOf(given) };
}

/** Quote volume and VWAP follow from these. */
function hasFigures(before: Candle, after: Candle): boolean {
  const decimals = ["open", "high", "low", "close", "volume", "priceVolume", "buyVolume"] as const;
  return before.trades === after.trades && decimals.every((name) => before[name].eq(after[name]));
}

function stillKept(openTimeMs: number): Decision<InstrumentEvent> {
  const minute = new Date(openTimeMs).toISOString();
  const detail = `the minute of ${minute} is remembered with its ticks; it needs no revision`;
  return refused("MINUTE_STILL_KEPT", detail, { openTimeMs });
}
