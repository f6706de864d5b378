import {
  accepted,
  type Decision,
  type DecisionContext,
} from "../../../../platform/kernel/decider.ts";
import type { Decimal } from "../../../../platform/kernel/decimal.ts";
import {
  addTick,
  beginCandle,
  candleOf,
  type RunningCandle,
} from "../../../../platform/market/candle.ts";
import { ALLOWED_LATENESS_MS, MINUTE_MS, minuteOf } from "../../../../platform/market/interval.ts";
import type { CloseCandles } from "./commands.ts";
import type { EventOf, InstrumentEvent, MarketTick, TicksRecorded } from "./events.ts";
import { contractSizeOf, type Minute, type RegisteredInstrument, type TickState } from "./state.ts";

type CandleEvent = EventOf<"CandleClosed" | "CandleRevised">;

/**
 * What ticks decide of minutes, ascending: a minute that a later tick has left behind is closed,
 * and a closed one that got ticks is revised, once a command. Minutes that stay open are not even
 * looked at; the state is not changed.
 */
export function decideMinutes(
  state: TickState,
  recorded: TicksRecorded,
  contractSize: Decimal | null,
): readonly CandleEvent[] {
  const closing = { watermarkMs: recorded.watermarkMs, contractSize };
  const events: CandleEvent[] = [];
  const touched = new Set<number>(recorded.staleMinutes);
  for (const { openTimeMs, ticks } of groupByMinute(recorded)) {
    if (touched.has(openTimeMs)) continue;
    touched.add(openTimeMs);
    const minute = state.minutes.get(openTimeMs);
    const revision = minute?.revision ?? null;
    if (revision === null && !isLeftBehind(openTimeMs, recorded.watermarkMs)) continue;
    events.push(candleEvent(withTicks(minute, openTimeMs, ticks), { revision, ...closing }));
  }
  for (const openTimeMs of state.openMinutes) {
    const minute = state.minutes.get(openTimeMs);
    if (!minute || touched.has(openTimeMs)) continue;
    if (!isLeftBehind(openTimeMs, recorded.watermarkMs)) continue;
    events.push(candleEvent(minute.candle, { revision: null, ...closing }));
  }
  return events.sort((a, b) => a.data.openTimeMs - b.data.openTimeMs);
}

/** The clock only closes what it may; nobody closes a minute that still runs by the clock. */
export function closeCandles(
  state: RegisteredInstrument,
  { data }: CloseCandles,
  { nowMs }: DecisionContext,
): Decision<InstrumentEvent> {
  const { ticks } = state;
  if (data.cause === "clock" && !ticks.clockCloses) return accepted([], { closed: 0 });
  const upToMs = Math.min(data.upTo, nowMs);
  const due = [...ticks.openMinutes].filter((openTimeMs) => openTimeMs + MINUTE_MS <= upToMs);
  const closing = { watermarkMs: ticks.watermarkMs, contractSize: contractSizeOf(state) };
  const events = due
    .sort((a, b) => a - b)
    .map((openTimeMs) => ticks.minutes.get(openTimeMs))
    .filter((minute) => minute !== undefined)
    .map(({ candle }) => closedEvent(candle, { cause: data.cause, ...closing }));
  return accepted<InstrumentEvent>(events, { closed: events.length });
}

/** A tick must be later than the end and the lateness: at that very moment it is still in time. */
function isLeftBehind(openTimeMs: number, watermarkMs: number): boolean {
  return openTimeMs + MINUTE_MS + ALLOWED_LATENESS_MS < watermarkMs;
}

interface MinuteTicks {
  readonly openTimeMs: number;
  readonly ticks: readonly MarketTick[];
}

/** The ticks stand in tick order, so those of a minute stand together. */
function groupByMinute({ ticks }: TicksRecorded): MinuteTicks[] {
  const groups: { openTimeMs: number; ticks: MarketTick[] }[] = [];
  for (const tick of ticks) {
    const openTimeMs = minuteOf(tick.timeMs);
    const group = groups.at(-1);
    if (group?.openTimeMs === openTimeMs) group.ticks.push(tick);
    else groups.push({ openTimeMs, ticks: [tick] });
  }
  return groups;
}

function withTicks(
  minute: Minute | undefined,
  openTimeMs: number,
  ticks: readonly MarketTick[],
): RunningCandle {
  const [first, ...others] = ticks;
  if (!first) throw new RangeError("a minute without ticks was grouped");
  const candle = minute ? { ...minute.candle } : beginCandle(openTimeMs, first);
  for (const tick of minute ? ticks : others) addTick(candle, tick);
  return candle;
}

interface Closing {
  readonly watermarkMs: number;
  readonly contractSize: Decimal | null;
}

function candleEvent(
  candle: RunningCandle,
  { revision, ...closing }: Closing & { readonly revision: number | null },
): CandleEvent {
  if (revision === null) return closedEvent(candle, { cause: "tick", ...closing });
  const { watermarkMs, contractSize } = closing;
  const figures = candleOf(candle, contractSize);
  return {
    type: "CandleRevised",
    data: { ...figures, revision: revision + 1, watermarkMs, cause: "late_tick" },
    occurredAtMs: candle.openTimeMs + MINUTE_MS,
  };
}

function closedEvent(
  candle: RunningCandle,
  { watermarkMs, contractSize, cause }: Closing & { readonly cause: "tick" | "clock" | "command" },
): EventOf<"CandleClosed"> {
  return {
    type: "CandleClosed",
    data: { ...candleOf(candle, contractSize), revision: 0, watermarkMs, cause },
    occurredAtMs: candle.openTimeMs + MINUTE_MS,
  };
}
